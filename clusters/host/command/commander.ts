import { DomainError } from '../../errors/domain-error.ts';

/** A file that a program reads as its standard input: a large one is not held in memory on its way. */
export interface FileInput {
  readonly file: string;
}

export function isFileInput(stdin: CommandRequest['stdin']): stdin is FileInput {
  return typeof stdin === 'object' && 'file' in stdin;
}

/** One program call. Arguments are an array: no shell interprets them. */
export interface CommandRequest {
  argv: readonly [program: string, ...args: string[]];
  /** Written to the program's standard input, which is then closed. */
  stdin?: string | Uint8Array | FileInput;
  /** Milliseconds after which the program is killed. */
  deadline: number;
  signal?: AbortSignal | undefined;
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>;
  directory?: string;
  /** Receives each line of both outputs as it arrives, for progress. */
  onLine?: (line: string) => void;
}

export interface CommandResult {
  argv: readonly string[];
  /** The exit status; 0 is success. */
  status: number;
  stdout: string;
  stderr: string;
  milliseconds: number;
}

/** A place where programs can be run: this machine, or a node of a cluster. */
export interface Commander {
  /** The place's name for messages, such as "this machine" or "node2". */
  readonly place: string;
  /**
   * Runs a program and returns its result, whatever its exit status.
   * @throws CommandFailed if it could not be started, or was killed at its deadline
   */
  attempt(request: CommandRequest): Promise<CommandResult>;
}

/** A program ended with a status other than 0, was killed at its deadline, or could not be started. */
export class CommandFailed extends DomainError {
  override readonly name = 'CommandFailed';
  readonly argv: readonly string[];
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;

  constructor(
    place: string,
    result: Omit<CommandResult, 'status' | 'milliseconds'> & { status?: number },
    why: string,
  ) {
    const outputs = [result.stderr, result.stdout].map((text) => lastLines(text, 12)).filter(Boolean);
    super({
      attempted: `running a command on ${place}: ${why}`,
      on: pasteable(result.argv),
      seen: outputs.join('\n') || 'no output',
    });
    this.argv = result.argv;
    this.status = result.status;
    this.stdout = result.stdout;
    this.stderr = result.stderr;
  }
}

/**
 * Runs a program that must succeed.
 * @throws CommandFailed otherwise
 */
export async function run(commander: Commander, request: CommandRequest): Promise<CommandResult> {
  const result = await commander.attempt(request);
  if (result.status !== 0) throw new CommandFailed(commander.place, result, `exit status ${result.status}`);
  return result;
}

/** Returns an argument array as one line that can be pasted into a POSIX shell. */
export function pasteable(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

function lastLines(text: string, count: number): string {
  const lines = text.trimEnd().split('\n');
  const omitted = lines.length - count;
  return omitted > 0 ? [`(${omitted} lines before)`, ...lines.slice(-count)].join('\n') : lines.join('\n');
}
