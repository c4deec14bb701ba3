import type { core, ZodType } from 'zod';
import { suggestion } from '../text/nearest.ts';
import type { KeyPath, Problem } from './bad-configuration.ts';
import type { YamlDocument } from './yaml-documents.ts';

/** The result of a check: the typed value, or all problems. */
export type Checked<T> = { value: T; problems: [] } | { value?: undefined; problems: [Problem, ...Problem[]] };

/** Returns the typed value of a document that fits a schema, or its problems. An unknown key gets a suggestion. */
export function check<T>(document: YamlDocument, schema: ZodType<T>): Checked<T> {
  // zod names unknown keys, not the known ones; the schema that raised the issue has them.
  const knownKeys = new Map<string, readonly string[]>();
  const result = schema.safeParse(document.value, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') knownKeys.set(JSON.stringify(issue.path ?? []), keysOf(issue.inst));
      return inWords(issue);
    },
  });
  if (result.success) return { value: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue): Problem[] => {
    const path = issue.path.filter((part) => typeof part !== 'symbol');
    if (issue.code !== 'unrecognized_keys') return [document.problem(path, issue.message)];
    const known = knownKeys.get(JSON.stringify(issue.path)) ?? [];
    return issue.keys.map((key) => unknownKey(document, [...path, key], known));
  });
  const [first, ...more] = problems;
  if (!first) throw new TypeError('a schema failed without saying why');
  return { problems: [first, ...more] };
}

function unknownKey(document: YamlDocument, path: KeyPath, known: readonly string[]): Problem {
  const key = String(path.at(-1));
  return document.problem(path, `${key} is not a key that is known here; ${suggestion(key, known)}`, 'key');
}

function keysOf(schema: unknown): readonly string[] {
  const shape = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def?.shape;
  return shape ? Object.keys(shape) : [];
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys and values',
  record: 'keys and values',
  null: 'nothing',
};

/** Returns our own message if it says more than zod's: the value found, or the nearest known one. */
function inWords(issue: core.$ZodRawIssue): string | undefined {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = typeNames[issue.expected] ?? issue.expected;
      if (input === undefined) return `is missing; ${wanted} must stand here`;
      const quote = issue.expected === 'string' && ['number', 'boolean'].includes(typeof input);
      const hint = quote ? `; put it in quotes: "${String(input)}"` : '';
      return `${shown(input)} is not ${wanted}${hint}`;
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (input === undefined) return `is missing; ${oneOf(values)} must stand here`;
      if (values.length === 1) return `${shown(input)} is not known here; it must be ${values[0]}`;
      return `${shown(input)} is not one of ${values.join(', ')}; ${suggestion(String(input), values)}`;
    }
    case 'too_small':
      return issue.origin === 'array' ? 'the list is empty' : undefined;
    case 'invalid_key':
      return issue.issues[0]?.message ?? `${shown(input)} cannot be a key here`;
    default:
      return undefined;
  }
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`;
}

function shown(input: unknown): string {
  if (input === null) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a set of keys and values';
  const text = String(input);
  return text === '' ? 'an empty text' : text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
