import { DomainError, messageOf, unsuppressed } from '../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { generalHelp, verbHelp } from './help.ts';
import type { OptionsOf } from './options.ts';
import { type Command, parseCommandLine, type VerbCommand } from './parse.ts';
import type { Verb } from './verbs.ts';

/** What the module of a verb exports. */
interface VerbModule<V extends Verb> {
  default: (options: OptionsOf<V>) => Promise<ExitStatus>;
}

/** Loads the module of a verb; called only when the command line has been understood. */
export type VerbModules = { [V in Verb]: () => Promise<VerbModule<V>> };

/** What the command line touches, so that a test can stand in for it. */
export interface Surroundings {
  environment: NodeJS.ProcessEnv;
  out: (text: string) => void;
  err: (text: string) => void;
  version: () => Promise<string>;
  modules: VerbModules;
}

/** Understands a command line, does what it says, and gives the exit status. Never throws. */
export async function main(argv: readonly string[], surroundings: Surroundings): Promise<ExitStatus> {
  const { environment, out, err, version, modules } = surroundings;
  let debug = false;
  try {
    const command: Command = parseCommandLine(argv, environment);
    switch (command.kind) {
      case 'help':
        out(command.verb ? verbHelp(command.verb) : generalHelp());
        return 'conforms';
      case 'version':
        out(`lpv ${await version()}\n`);
        return 'conforms';
      case 'verb':
        debug = command.options.debug;
        return await dispatch(command, modules);
    }
  } catch (error) {
    const { first, afterwards } = unsuppressed(error);
    err(`${[first, ...afterwards].map((each) => explain(each, debug)).join('\n\nand then:\n')}\n`);
    return first instanceof DomainError ? first.exit : 'environment';
  }
}

async function dispatch<V extends Verb>(
  command: Extract<VerbCommand, { verb: V }>,
  modules: VerbModules,
): Promise<ExitStatus> {
  const { verb, options } = command as unknown as { verb: V; options: OptionsOf<V> };
  return (await modules[verb]()).default(options);
}

function explain(error: unknown, debug: boolean): string {
  const unforeseen = error instanceof DomainError ? '' : 'an error that was not foreseen: ';
  const hint = unforeseen && !debug ? '\n  do:   run the same with --debug, and report what it prints' : '';
  return `${unforeseen}${messageOf(error)}${hint}${debug ? stacks(error) : ''}`;
}

/** The stack of an error and of each of its causes. */
function stacks(error: unknown): string {
  const lines: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) {
    const stack = (each.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    lines.push(
      '',
      `${each === error ? '' : 'caused by '}${each.name}${each === error ? '' : `: ${each.message}`}`,
      ...stack,
    );
  }
  return `\n${lines.join('\n')}`;
}
