import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DomainError } from '../../errors/domain-error.ts';
import { CommandFailed, type CommandRequest, run } from '../command/commander.ts';
import { host } from '../command/host.ts';

/** A log of the output of all commands of a build. It is kept, and errors name it. */
export class BuildLog implements AsyncDisposable {
  readonly path: string;
  readonly #stream: WriteStream;

  private constructor(path: string) {
    this.path = path;
    this.#stream = createWriteStream(path, { flags: 'w', mode: 0o600 });
    // A build can continue without its log.
    this.#stream.on('error', () => {});
  }

  /** Returns an empty log, which replaces that of an earlier build. */
  static async open(path: string): Promise<BuildLog> {
    await mkdir(dirname(path), { recursive: true });
    return new BuildLog(path);
  }

  /**
   * Returns the output of a command of the build. The command ends when this process ends.
   * @throws DomainError with the step, the end of its output, and the path of the log
   */
  async run(step: string, request: CommandRequest): Promise<string> {
    this.#stream.write(`${new Date().toISOString()} ${step}\n`);
    const onLine = (line: string) => {
      this.#stream.write(`${line}\n`);
      request.onLine?.(line);
    };
    try {
      const argv = [...(await tether()), ...request.argv] as unknown as CommandRequest['argv'];
      return (await run(host, { ...request, argv, onLine })).stdout;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      throw new DomainError(
        {
          attempted: `building the node image: ${step}`,
          seen: error.details.seen ?? error.message,
          remedy: `read the whole log: ${this.path}`,
        },
        { cause: error },
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#stream.end(resolve));
  }
}

/**
 * The words that start a program so that the kernel ends it with this process. setpriv(1) ends the program. If this
 * user may use it, unshare(1) also ends everything that the program starts, in namespaces whose mounts end with it.
 */
const tethers: readonly (readonly [string, ...string[]])[] = [
  'setpriv --pdeathsig KILL unshare --mount-proc --pid --fork --kill-child=KILL'.split(' ') as [string, ...string[]],
  ['setpriv', '--pdeathsig', 'KILL'],
];

let usable: Promise<readonly string[]> | undefined;

/** Returns the first of the tethers that works here. Empty if none does: `lpv clean` then ends what is left. */
function tether(): Promise<readonly string[]> {
  usable ??= (async () => {
    for (const words of tethers) {
      const { status } = await host.attempt({ argv: [...words, 'true'], deadline: 10_000 });
      if (status === 0) return words;
    }
    return [];
  })();
  return usable;
}
