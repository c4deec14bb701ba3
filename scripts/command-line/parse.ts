import { parseArgs } from 'node:util';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { nearest, suggestion } from '../../clusters/text/nearest.ts';
import { clusterNameProblem, type Option, type OptionsOf, optionsOf, propertyOf, written } from './options.ts';
import { type Verb, verbNames } from './verbs.ts';

/** The command line cannot be understood; nothing was done. */
export class BadUsage extends DomainError {
  override readonly name = 'BadUsage';

  constructor(argv: readonly string[], problems: readonly string[], verb?: Verb) {
    super(
      {
        attempted: `understanding the command line: ${['lpv', ...argv].join(' ')}`,
        seen: problems.join('\n'),
        remedy: `see ${verb ? `lpv ${verb}` : 'lpv'} --help`,
      },
      { exit: 'badUsage' },
    );
  }
}

/** What the user wants. */
export type Command = { kind: 'help'; verb?: Verb } | { kind: 'version' } | VerbCommand;

/** A verb with all its options. */
export type VerbCommand = { [V in Verb]: { kind: 'verb'; verb: V; options: OptionsOf<V> } }[Verb];

/**
 * Understands a command line (without node and script).
 * @throws BadUsage with every problem, each with the nearest right word.
 */
export function parseCommandLine(argv: readonly string[], environment: NodeJS.ProcessEnv): Command {
  const [first, ...rest] = argv;
  if (first === undefined) throw new BadUsage(argv, [`a verb is missing; ${suggestion('', verbNames)}`]);
  if (first === '--help' || first === '-h') return { kind: 'help' };
  if (first === '--version' || first === '-V') return { kind: 'version' };
  if (first.startsWith('-')) throw new BadUsage(argv, [`the verb comes before ${first}; ${suggestion('', verbNames)}`]);
  const verb = verbNames.find((name) => name === first);
  if (!verb) throw new BadUsage(argv, [`${first} is not a verb; ${suggestion(first, verbNames)}`]);
  return parseVerb(argv, verb, rest, environment);
}

function parseVerb(argv: readonly string[], verb: Verb, args: string[], environment: NodeJS.ProcessEnv): Command {
  const known = optionsOf(verb);
  const { given, positionals, problems, help } = readTokens(args, known);
  if (help) return { kind: 'help', verb };
  const values: Record<string, Value | readonly string[]> = {};
  for (const option of known) {
    const value = readValue(option, given, environment);
    if (typeof value === 'object') problems.push(value.problem);
    else values[propertyOf(option.name)] = value;
  }
  problems.push(...contradictions(known, given, values));
  if (verb === 'down') {
    values.name = positionals.shift();
    problems.push(...downProblems(values.name, given.has('all')));
  }
  if (verb === 'diff') {
    const reports = positionals.splice(0);
    values.reports = reports;
    if (reports.length < 2)
      problems.push(
        `${reports.length === 0 ? 'reports are' : 'a second report is'} missing; write two or more, the baseline first`,
      );
  }
  for (const extra of positionals) problems.push(`${extra} is one word too many`);
  if (problems.length > 0) throw new BadUsage(argv, problems, verb);
  // The property names and types are those that OptionsOf derives from the same table.
  return { kind: 'verb', verb, options: values } as unknown as VerbCommand;
}

interface Read {
  /** The options written, by name, with their text; an option without a value has an empty text. */
  given: Map<string, string>;
  positionals: string[];
  problems: string[];
  help: boolean;
}

function readTokens(args: string[], known: readonly Option[]): Read {
  const read: Read = { given: new Map(), positionals: [], problems: [], help: false };
  const byWord = new Map(known.map((option) => [written(option).slice(2), option]));
  const { tokens } = parseArgs({
    args,
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      ...Object.fromEntries(
        [...byWord].map(([word, { type, short }]) => {
          const takesValue = type === 'string' || type === 'choice';
          return [
            word,
            { type: takesValue ? 'string' : 'boolean', ...(short === undefined ? {} : { short }) } as const,
          ];
        }),
      ),
    },
  });
  for (const token of tokens) {
    if (token.kind === 'positional') read.positionals.push(token.value);
    if (token.kind !== 'option') continue;
    if (token.name === 'help') read.help = true;
    else readOption(token, byWord, read);
  }
  return read;
}

interface OptionToken {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

function readOption(token: OptionToken, byWord: ReadonlyMap<string, Option>, { given, problems }: Read): void {
  const { name, rawName, value, inlineValue } = token;
  const option = byWord.get(name);
  if (!option) {
    const meant = nearest(name, byWord.keys());
    problems.push(`${rawName} is not an option here${meant === undefined ? '' : `; did you mean --${meant}?`}`);
    return;
  }
  if (given.has(option.name)) problems.push(`${rawName} is written twice`);
  given.set(option.name, value ?? '');
  if (option.type === 'string' || option.type === 'choice') {
    const missing = value === undefined || (!inlineValue && value.startsWith('-'));
    if (missing) problems.push(`${rawName} needs a value: ${rawName}=${shownValue(option)}`);
    // The value is known to be wrong already; one problem is enough.
    if (missing) given.delete(option.name);
  } else if (value !== undefined) {
    problems.push(`${rawName} takes no value`);
  }
}

/** How the value of an option is shown in help and messages; empty for an option that takes none. */
export function shownValue(option: Option): string {
  if (option.type === 'choice') return option.choices.join('|');
  return option.type === 'string' ? option.valueName : '';
}

type Value = string | boolean | undefined;

function readValue(
  option: Option,
  given: ReadonlyMap<string, string>,
  environment: NodeJS.ProcessEnv,
): Value | { problem: string } {
  const text = given.get(option.name);
  switch (option.type) {
    case 'boolean':
      return text !== undefined;
    case 'negation': {
      const { name, on, off } = option.variable;
      const set = environment[name] ?? '';
      if (!['', on, off].includes(set))
        return { problem: `${name}=${set} is not known; write ${name}=${off} or ${name}=${on}` };
      return text === undefined && set !== off;
    }
    case 'choice':
      if (text === undefined) return option.default;
      if (option.choices.includes(text)) return text;
      return {
        problem: `${written(option)}: ${text || 'an empty text'} is not one of ${option.choices.join(', ')}; ${suggestion(text, option.choices)}`,
      };
    case 'string': {
      if (text === undefined) return option.default;
      const problem = option.problem?.(text);
      return problem === undefined ? text : { problem: `${written(option)}: ${problem}` };
    }
  }
}

function contradictions(
  known: readonly Option[],
  given: ReadonlyMap<string, string>,
  values: Readonly<Record<string, unknown>>,
): string[] {
  const problems = known.flatMap((option) =>
    given.has(option.name)
      ? (option.notWith ?? [])
          .filter((other) => given.has(other))
          .map((other) => `--${option.name} cannot go with --${other}`)
      : [],
  );
  if (
    given.has('kubernetes-source') &&
    values.image !== undefined &&
    !['auto', 'built'].includes(String(values.image))
  ) {
    problems.push(`--kubernetes-source builds an image; it cannot go with --image=${values.image}`);
  }
  return problems;
}

function downProblems(name: string | undefined, all: boolean): string[] {
  if (name === undefined) return all ? [] : ['the name of a cluster is missing; write it, or --all'];
  if (all) return [`--all cannot go with the name ${name}`];
  const problem = clusterNameProblem(name);
  return problem === undefined ? [] : [problem];
}
