import { readFile, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import type { ZodType } from 'zod';
import { BadConfiguration, type KeyPath } from './bad-configuration.ts';
import { check } from './schema-problems.ts';
import { takeApart, type YamlDocument, type YamlSource } from './yaml-documents.ts';

/** A problem that a schema of single values cannot see, such as a name used twice. */
export interface Finding {
  path: KeyPath;
  text: string;
}

/** A document that fits its schema, with the positions of its keys. */
export interface StrictDocument<T> {
  value: T;
  document: YamlDocument;
}

/**
 * Returns all documents of a YAML source, checked against one schema. `findings` receives each document unchecked, even
 * if the schema refuses it, so that all problems are shown at once.
 * @throws BadConfiguration with every problem of the source
 */
export function parseStrictYaml<T>(
  source: YamlSource,
  schema: ZodType<T>,
  findings: (value: unknown, document: YamlDocument) => readonly Finding[] = () => [],
): StrictDocument<T>[] {
  const { documents, problems } = takeApart(source);
  const good: StrictDocument<T>[] = [];
  for (const document of documents) {
    const checked = check(document, schema);
    if (checked.value !== undefined) good.push({ value: checked.value, document });
    problems.push(...checked.problems);
    problems.push(...findings(document.value, document).map(({ path, text }) => document.problem(path, text)));
  }
  if (problems.length > 0) throw new BadConfiguration(problems);
  return good;
}

/** Returns the one document of a YAML source; as parseStrictYaml otherwise. */
export function parseStrictDocument<T>(
  source: YamlSource,
  schema: ZodType<T>,
  findings?: (value: unknown, document: YamlDocument) => readonly Finding[],
): StrictDocument<T> {
  const [first, ...more] = parseStrictYaml(source, schema, findings);
  if (first && more.length === 0) return first;
  const text = first ? `holds ${more.length + 1} documents; one must stand here` : 'the file is empty';
  throw new BadConfiguration([{ file: source.file, line: 1, column: 1, key: '', text }]);
}

/** The largest file that is read, in bytes: a report of every requirement has two MiB. */
const largest = 64 * 2 ** 20;

/**
 * Returns the text of a YAML file. Messages show a path relative to the working directory, if the file is in it.
 * @throws BadConfiguration if the file cannot be read, or might never end: a pipe, a device
 */
export async function readSource(path: string): Promise<YamlSource> {
  const fromHere = relative(process.cwd(), path);
  const file = fromHere.startsWith('..') ? path : fromHere;
  const refuse = (text: string) => new BadConfiguration([{ file, line: 1, column: 1, key: '', text }]);
  try {
    const found = await stat(path);
    // Opening a pipe waits for its writer, and no deadline ends that; /dev/zero has no end.
    if (!found.isFile() && !found.isDirectory()) throw refuse('it is a pipe or a device, not a file');
    if (found.size > largest) throw refuse(`it is larger than ${largest / 2 ** 20} MiB`);
    return { file, text: await readFile(path, 'utf8') };
  } catch (error) {
    if (error instanceof BadConfiguration) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    throw refuse(code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code ?? String(error)})`);
  }
}
