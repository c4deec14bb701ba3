import type * as typed from '@commander-js/extra-typings';
import * as commander from 'commander';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { type ExitStatus, exitStatus } from '../../clusters/errors/exit-status.ts';
import { lpv } from '../../clusters/project-root.ts';

// The same classes with types inferred from the text of the flags; extra-typings has no code of its own.
const { Command, ...others } = commander as unknown as typeof typed;
export const { Argument, InvalidArgumentError, Option } = others;

/** The options of a verb with their values, as its action gets them. */
export type OptionsOf<C> = C extends { opts(): infer Options } ? Options : never;

const repeatable = new WeakSet<commander.Option>();

/** Returns an option that may be written more than once, which its help says. */
export function mayBeRepeated<O extends commander.Option>(option: O): O {
  option.description += '; may be repeated';
  repeatable.add(option);
  return option;
}

/** Returns an option as its user writes it: `--as-group` of asGroup, and `--no-agent` of agent where that is false. */
export function flagOf(option: string, value?: unknown): string {
  const words = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return value === false ? `--no-${words}` : `--${words}`;
}

/** The command line cannot be understood; nothing was done. */
export class BadUsage extends DomainError {
  override readonly name = 'BadUsage';

  /** `argv` is the command line without node and script; the message points at the help of `verb`. */
  constructor(argv: readonly string[], problem: string, verb?: string) {
    super(
      {
        attempted: `understanding the command line: ${['lpv', ...argv].join(' ')}`,
        seen: problem,
        remedy: `see ${lpv([...(verb === undefined ? [] : [verb]), '--help'].join(' '))}`,
      },
      { exit: 'badUsage' },
    );
  }
}

/** What `--help` says of a verb besides its options. */
export interface VerbHelp {
  sentence: string;
  examples: readonly string[];
  /** What the exit statuses mean for this verb; those left out do not occur. */
  statuses: Partial<Record<ExitStatus, string>>;
}

/** Exit statuses that mean the same for several verbs. */
export const usualStatuses = {
  badUsage: 'the command line, a configuration file or a manifest is wrong; nothing was created',
  environment: 'the machine, the container engine or the cluster is at fault',
  interrupted: 'interrupted; everything begun was undone',
};

/** A verb without the types of its options, for code that treats all verbs alike. */
export interface Verb {
  command: commander.Command;
  help: VerbHelp;
  act(...args: unknown[]): Promise<ExitStatus>;
}

/** Returns the command of a verb with its help and `--debug`; the verb adds its own options. */
export function verbCommand(name: string, help: VerbHelp) {
  const command = new Command(name)
    .description(help.sentence)
    .option('--debug', 'show the stack of an error and its causes')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', afterOptions(help));
  command.hook('preAction', (_, acting) => checkTogether(acting as unknown as commander.Command));
  return command;
}

/** Returns a verb: its command, and what it does once the command line is understood. */
export function verb<Args extends unknown[], Options extends typed.OptionValues>(
  command: typed.Command<Args, Options>,
  help: VerbHelp,
  act: (...args: [...Args, Options]) => Promise<ExitStatus>,
): Verb {
  refuseRepeatedOptions(command as unknown as commander.Command);
  return { command, help, act } as unknown as Verb;
}

/**
 * Returns the options of one verb, understood and not acted on.
 * @throws BadUsage
 */
export function readOptions<C extends typed.CommandUnknownOpts>(command: C, argv: readonly string[]): OptionsOf<C> {
  try {
    command.parent = null;
    command.action(() => {}).parse(argv, { from: 'user' });
    return command.opts() as OptionsOf<C>;
  } catch (error) {
    if (error instanceof commander.CommanderError)
      throw new BadUsage([command.name(), ...argv], problemOf(error), command.name());
    throw error;
  }
}

/** Returns what commander complains about, without its prefix. */
export function problemOf(error: commander.CommanderError): string {
  return error.message.replace(/^error: /, '');
}

function afterOptions({ examples, statuses }: VerbHelp): string {
  const rows = Object.entries(exitStatus).flatMap(([name, status]) => {
    const words = statuses[name as ExitStatus];
    return words === undefined ? [] : [`  ${String(status).padEnd(5)}${words}`];
  });
  const title = examples.length > 1 ? 'Examples:' : 'Example:';
  return ['', title, ...examples.map((example) => `  ${example}`), '', 'Exit status:', ...rows].join('\n');
}

/** Options and variables that are right each by itself, and wrong together. */
function checkTogether(command: commander.Command): void {
  const { install, image, kubernetesSource } = command.opts();
  if (install !== undefined) {
    const set = process.env.LPV_INSTALL ?? '';
    if (!['', 'on', 'off'].includes(set))
      command.error(`LPV_INSTALL=${set} is not known; write LPV_INSTALL=off or LPV_INSTALL=on`);
    if (set === 'off') command.setOptionValueWithSource('install', false, 'env');
  }
  if (kubernetesSource !== undefined && image !== undefined && !['auto', 'built'].includes(image))
    command.error(`--kubernetes-source builds an image; it cannot go with --image=${image}`);
}

/**
 * Commander takes the last of several values, and any next word as a value; both are more often a slip than meant.
 */
function refuseRepeatedOptions(command: commander.Command): void {
  for (const option of command.options) {
    const flag = option.long ?? option.flags;
    const once = !repeatable.has(option);
    command.on(`option:${option.name()}`, (value: string | null | undefined) => {
      const words = argumentsOf(command);
      if (once && words.filter((word) => word === option.short || word.replace(/=.*$/s, '') === flag).length > 1)
        command.error(`option '${flag}' is written twice`);
      if (option.required && value?.startsWith('-') && words.includes(value))
        command.error(`option '${option.flags}' needs a value, and ${value} follows; write ${flag}=VALUE`);
    });
  }
}

/** The words of the command line that are not after `--`. */
function argumentsOf(command: commander.Command): string[] {
  let root = command;
  while (root.parent) root = root.parent;
  const words = (root as commander.Command & { rawArgs?: string[] }).rawArgs ?? [];
  const end = words.indexOf('--');
  return end < 0 ? words : words.slice(0, end);
}
