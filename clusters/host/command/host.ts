import { $ } from 'zx';
import { type Commander, CommandFailed, type CommandRequest, type CommandResult } from './commander.ts';

/**
 * Runs programs on this machine through zx. They get a process group of their own, so that Ctrl-C reaches
 * the harness only, which then ends them through the abort signal and cleans up in order.
 */
export const host: Commander = {
  place: 'this machine',

  async attempt(request: CommandRequest): Promise<CommandResult> {
    request.signal?.throwIfAborted();
    const begun = performance.now();
    const shell = $({
      nothrow: true,
      quiet: true,
      verbose: false,
      detached: true,
      prefix: 'exec ',
      env: { ...process.env, ...request.env },
      timeout: request.deadline,
      timeoutSignal: 'SIGKILL',
      killSignal: 'SIGTERM',
      ...(request.directory === undefined ? {} : { cwd: request.directory }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      ...(request.stdin === undefined ? {} : { input: Buffer.from(request.stdin) }),
    });
    const child = shell`${[...request.argv]}`;
    if (request.onLine) {
      follow(child.stdout, request.onLine);
      follow(child.stderr, request.onLine);
    }
    const output = await child;
    const milliseconds = performance.now() - begun;
    const result = { argv: request.argv, stdout: output.stdout, stderr: output.stderr };
    request.signal?.throwIfAborted();
    if (output.exitCode === null) {
      const why =
        milliseconds >= request.deadline ? `no end within ${request.deadline / 1000} s` : `killed by ${output.signal}`;
      throw new CommandFailed(this.place, result, why);
    }
    return { ...result, status: output.exitCode, milliseconds };
  },
};

function follow(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer | string) => {
    const lines = (rest + chunk.toString()).split(/\r?\n|\r/);
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stream.on('end', () => {
    if (rest) onLine(rest);
  });
}
