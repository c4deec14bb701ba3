import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { V1Status } from '@kubernetes/client-node';
import {
  fitsShell,
  type ShellConnection,
  type ShellEnd,
  type ShellSession,
  shellArgv,
} from '../host/command/shell-session.ts';
import { ShellPool } from '../host/command/shell-session-pool.ts';
import { duration } from '../text/duration.ts';
import type { ClusterClient } from './client.ts';
import {
  type ExecSocket,
  execOf,
  handshakeText,
  type OpenExec,
  openExecOf,
  type PodCommand,
  type PodCommandResult,
  PodExecFault,
  runOnce,
} from './pod-exec.ts';

/** The identity of one run of a container. A shell ends with the run of the container in which it was opened. */
export interface ContainerLife {
  namespace: string;
  podUid: string;
  container: string;
  /** `containerID` of the container's status. */
  containerId: string;
}

/**
 * The open shells in pods. The first command in a container opens a shell, and later ones run in it without their own
 * connection. A command gets its own connection if it has standard input, or if all shells are busy.
 */
export class PodShells implements Disposable {
  readonly #open: OpenExec;
  readonly #containers = new Map<string, { life: ContainerLife; shells: ShellPool }>();

  constructor(client: ClusterClient, open: OpenExec = openExecOf(client)) {
    this.#open = open;
  }

  /** Returns the result of a command as `execInPod` does. Uses an open shell of the container if possible. */
  exec(command: PodCommand, life: ContainerLife): Promise<PodCommandResult> {
    return execOf(command, () => {
      const plain = command.stdin === undefined && fitsShell(command.argv);
      const shell = plain ? this.#shells(command, life).free() : undefined;
      return shell ? runInShell(command, shell) : runOnce(command, this.#open);
    });
  }

  /** Closes the shells in the pods of a namespace, and ends the commands that run in them. */
  close(namespace: string): void {
    for (const [key, { life, shells }] of this.#containers) {
      if (life.namespace !== namespace) continue;
      shells[Symbol.dispose]();
      this.#containers.delete(key);
    }
  }

  /** Closes all shells. */
  [Symbol.dispose](): void {
    for (const { life } of [...this.#containers.values()]) this.close(life.namespace);
  }

  #shells(command: PodCommand, life: ContainerLife): ShellPool {
    const key = `${life.podUid}/${life.container}`;
    const known = this.#containers.get(key);
    if (known?.life.containerId === life.containerId) return known.shells;
    known?.shells[Symbol.dispose]();
    const { namespace, pod, container } = command;
    const shells = new ShellPool(() => connectContainer({ namespace, pod, container, argv: shellArgv }, this.#open));
    this.#containers.set(key, { life, shells });
    return shells;
  }
}

async function runInShell(command: PodCommand, shell: ShellSession): Promise<PodCommandResult> {
  const { argv, within = 60_000, signal } = command;
  const outcome = await shell.run({ argv, deadline: within, signal });
  const { kind, stdout, stderr } = outcome;
  switch (kind) {
    case 'ended':
      if (outcome.notStarted) throw new PodExecFault('not started', command, stderr.trim());
      return { status: outcome.status, stdout, stderr };
    case 'late':
      throw new PodExecFault('deadline', command, `no end within ${duration(within)}`);
    case 'shell gone': {
      const { how, kind } = outcome.end;
      if (outcome.opened || kind === 'lost') throw new PodExecFault('no status', command, how);
      throw new PodExecFault('not started', command, [how, stderr.trim()].filter(Boolean).join('\n'));
    }
  }
}

/** Returns a connection to a shell in a container, over the API's exec. */
export function connectContainer(shell: PodCommand, open: OpenExec): ShellConnection {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let socket: ExecSocket | undefined;
  let closing = false;
  const gone = new Promise<ShellEnd>((resolve) => {
    const closed = ({ code, reason }: { code: number; reason: string }): void => {
      const how = `code ${code}${reason ? `, ${reason}` : ''}`;
      resolve({ kind: 'lost', how: `the connection closed without an exit status (${how})` });
    };
    open(shell, { stdin, stdout, stderr }, (status) => resolve(endOf(status))).then(
      (opened) => {
        socket = opened;
        opened.addEventListener('close', closed);
        if (opened.readyState >= 2) closed({ code: 1006, reason: 'closed while opening' });
        if (closing) opened.close();
      },
      (error: unknown) => resolve({ kind: 'not started', how: handshakeText(error) }),
    );
  });
  const ended = gone.then(async (end) => {
    // Output that arrived before the end may still be in these streams.
    stdout.end();
    stderr.end();
    await Promise.allSettled([finished(stdout), finished(stderr)]);
    return end;
  });
  return {
    stdout,
    stderr,
    ended,
    write: (text) => void stdin.write(text),
    close: () => {
      closing = true;
      stdin.end();
      socket?.close();
    },
  };
}

/** Returns how the shell ended, from the Status object of the exec. */
function endOf(status: V1Status): ShellEnd {
  const exit = status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message;
  if (status.status === 'Success') return { kind: 'ended', how: 'the shell in the container ended', status: 0 };
  if (status.reason === 'NonZeroExitCode' && exit !== undefined) {
    return { kind: 'ended', how: `the shell in the container ended with exit status ${exit}`, status: Number(exit) };
  }
  const seen = status.message ?? JSON.stringify(status);
  return { kind: 'not started', how: `sh, which runs the commands in pods, could not be started: ${seen}` };
}
