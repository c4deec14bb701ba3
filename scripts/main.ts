import { readFileSync } from 'node:fs';
import * as commander from 'commander';
import { DomainError, messageOf, unsuppressed } from '../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../clusters/errors/exit-status.ts';
import { redact } from '../clusters/text/redact.ts';
import { BadUsage, problemOf, type Verb } from './command-line/verb.ts';
import { clean } from './verbs/clean.ts';
import { clusters } from './verbs/clusters.ts';
import { completion } from './verbs/completion.ts';
import { diff } from './verbs/diff.ts';
import { doctor } from './verbs/doctor.ts';
import { down } from './verbs/down.ts';
import { image } from './verbs/image.ts';
import { images } from './verbs/images.ts';
import { list } from './verbs/list.ts';
import { merge } from './verbs/merge.ts';
import { rbac } from './verbs/rbac.ts';
import { run } from './verbs/run.ts';
import { runner } from './verbs/runner.ts';
import { soak } from './verbs/soak.ts';
import { storm } from './verbs/storm.ts';
import { trace } from './verbs/trace.ts';
import { up } from './verbs/up.ts';

/** Every verb, in the order of `lpv --help`. What a verb works with is loaded when it acts. */
export const verbs: readonly Verb[] = [
  doctor,
  image,
  up,
  run,
  soak,
  storm,
  down,
  clean,
  clusters,
  list,
  images,
  rbac,
  runner,
  trace,
  merge,
  diff,
  completion,
];

/** Where the command line writes. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/** Returns the exit status of a command line (without node and script) after doing what it says. Never throws. */
export async function main(argv: readonly string[], { out, err }: Output, known = verbs): Promise<ExitStatus> {
  let status: ExitStatus = 'conforms';
  let acting: commander.Command | undefined;
  const program = new commander.Command('lpv')
    .description('lpv tests what Kubernetes promises about Local PersistentVolumes, on real three-node clusters.')
    .usage('VERB [options]')
    .version(`lpv ${version()}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this text')
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ showGlobalOptions: false, subcommandTerm: (command) => command.name() })
    .configureOutput({ writeOut: out, outputError: () => {}, getOutHelpWidth: () => 110 })
    .addHelpText('after', '\nEach verb has --help.');
  program.commandsGroup('Verbs:');
  for (const { command, act } of known) {
    command.copyInheritedSettings(program).action(async (...args: unknown[]) => {
      acting = command;
      status = await act(...args);
    });
    program.addCommand(command);
  }
  try {
    if (argv.length === 0)
      throw new BadUsage(argv, `a verb is missing; known: ${known.map(({ command }) => command.name()).join(', ')}`);
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof commander.CommanderError && error.exitCode === 0) return 'conforms';
    const { first, afterwards } = unsuppressed(asBadUsage(error, argv, known));
    const debug = acting?.opts().debug === true;
    // A server or a program that was asked may have put terminal codes into an error, or a secret.
    err(`${redact([first, ...afterwards].map((each) => explain(each, debug)).join('\n\nand then:\n'))}\n`);
    return first instanceof DomainError ? first.exit : 'environment';
  }
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}

function asBadUsage(error: unknown, argv: readonly string[], known: readonly Verb[]): unknown {
  if (!(error instanceof commander.CommanderError)) return error;
  const verb = known.find(({ command }) => command.name() === argv[0]);
  return new BadUsage(argv, problemOf(error), verb?.command.name());
}

function explain(error: unknown, debug: boolean): string {
  const unforeseen = error instanceof DomainError ? '' : 'an error that was not foreseen: ';
  const hint = unforeseen && !debug ? '\n  do:   run the same with --debug, and report what it prints' : '';
  return `${unforeseen}${messageOf(error)}${hint}${debug ? stacks(error) : ''}`;
}

/** Returns the stack of an error and of each of its causes. */
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
