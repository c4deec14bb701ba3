import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { ShellConnection, ShellEnd } from './shell-session.ts';

/**
 * Starts a program on this machine that is a shell with the loop, or brings one, such as `docker exec --interactive …`.
 * It does not keep this process alive, and ends when this process ends, because its standard input then does.
 */
export function connectProcess(argv: readonly [string, ...string[]]): ShellConnection {
  const [program, ...args] = argv;
  // A process group of its own, as for other commands: Ctrl-C reaches the harness only.
  const child = spawn(program, args, { stdio: 'pipe', detached: true });
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
