import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { $, which } from 'zx';
import { type Commander, CommandFailed, type CommandRequest, type CommandResult, isFileInput } from './commander.ts';
import type { ShellConnection, ShellEnd } from './shell-session.ts';

/**
 * Runs programs on this machine through zx. Each gets its own process group, so that Ctrl-C reaches only the harness,
 * which then ends the programs through the abort signal and cleans up in order.
 */
export const host: Commander = {
  place: 'this machine',

  async attempt(request: CommandRequest): Promise<CommandResult> {
    request.signal?.throwIfAborted();
    const begun = performance.now();
    const { stdin } = request;
    // Where all processors are busy, Node.js passes on one bufferful each time that it is given one: the program reads
    // a file itself.
    await using file = isFileInput(stdin) ? await open(stdin.file) : undefined;
    const shell = $({
      nothrow: true,
      quiet: true,
      verbose: false,
      detached: true,
      // Set here, because ZX_PREFIX and similar variables would change it.
      prefix: 'exec ',
      postfix: '',
      shell: shellPath,
      env: { ...process.env, ...innerShell, ...request.env },
      killSignal: 'SIGTERM',
      ...(request.directory === undefined ? {} : { cwd: request.directory }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      ...(file && { stdio: [file.fd, 'pipe', 'pipe'] }),
      ...(stdin === undefined || isFileInput(stdin) ? {} : { input: Buffer.from(stdin) }),
    });
    const child = shell`${[...request.argv]}`;
    // A program that ends before it has read all of its input is judged by its exit status.
    child.stdin?.on('error', () => {});
    // zx iterates over the lines of stdout only; docker, kind and apt report progress on stderr, and with \r too.
    if (request.onLine) {
      for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', request.onLine);
    }
    // zx's own deadline needs ps(1), which small images lack.
    const timer = setTimeout(() => killGroup(child.pid), request.deadline);
    const output = await child.finally(() => clearTimeout(timer));
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

/**
 * bash takes an input that is a socket, as Node's are, for that of a remote shell. If no other shell is around it, as
 * under cron, systemd or a CI runner, it then reads ~/.bashrc, which may change PATH, print, or wait.
 */
export const innerShell = { SHLVL: '1' };

/** zx quotes words for bash. */
const shellPath = which.sync('bash', { nothrow: true }) ?? '/bin/bash';

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // It has already ended by itself.
  }
}

/**
 * Starts a program on this machine that runs the shell loop, or connects to one, such as `docker exec --interactive …`.
 * It does not keep this process alive. It ends with this process, because its standard input then closes.
 */
export function connectProcess(argv: readonly [string, ...string[]]): ShellConnection {
  const [program, ...args] = argv;
  // Its own process group, as for other commands: Ctrl-C reaches only the harness.
  const child = spawn(program, args, { stdio: 'pipe', detached: true, env: { ...process.env, ...innerShell } });
  const ended = new Promise<ShellEnd>((resolve) => {
    child.on('error', ({ message }) => resolve({ kind: 'not started', how: message }));
    child.on('close', (status, signal) =>
      resolve(
        status === null
          ? { kind: 'ended', how: `killed by ${signal}` }
          : { kind: 'ended', how: `exit status ${status}`, status },
      ),
    );
  });
  child.stdin.on('error', () => {});
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as Socket).unref();
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    write: (text) => void child.stdin.write(text),
    close: () => void child.stdin.end(),
  };
}
