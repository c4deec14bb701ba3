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
    this.#stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  }

  static async open(path: string): Promise<BuildLog> {
    await mkdir(dirname(path), { recursive: true });
    return new BuildLog(path);
  }

  /**
   * Runs a command of the build.
   * @throws DomainError with the step, the end of its output, and the path of the log
   */
  async run(step: string, request: CommandRequest): Promise<string> {
    this.#stream.write(`${new Date().toISOString()} ${step}\n`);
    const onLine = (line: string) => {
      this.#stream.write(`${line}\n`);
      request.onLine?.(line);
    };
    try {
      return (await run(host, { ...request, onLine })).stdout;
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
