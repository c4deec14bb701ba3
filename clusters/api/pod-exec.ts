import { PassThrough, Readable } from 'node:stream';
import type { V1Status } from '@kubernetes/client-node';
import pRetry from 'p-retry';
import { DomainError, messageOf } from '../errors/domain-error.ts';
import { pasteable } from '../host/command/commander.ts';
import { duration } from '../text/duration.ts';
import type { Progress } from '../text/progress.ts';
import { silent } from '../text/progress.ts';
import type { ClusterClient } from './client.ts';

/** A command for a container of a running pod. */
export interface PodCommand {
  namespace: string;
  pod: string;
  container: string;
  /** Program and arguments; no shell is involved. */
  argv: readonly string[];
  stdin?: string | Uint8Array;
  /** Deadline in milliseconds, 30 000 by default. */
  within?: number;
  signal?: AbortSignal | undefined;
  /** A non-zero exit status is `PodCommandFailed` unless this is `return`. */
  nonZero?: 'throw' | 'return';
  /** The command only reads. So it may be run once more if the connection closes without a status. */
  repeatable?: boolean;
  /** Is notified of that repetition. */
  progress?: Progress;
}

/** The end of a command. Outputs are UTF-8 text. */
export interface PodCommandResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** The command ran in the container and ended with a status other than 0. */
export class PodCommandFailed extends DomainError {
  override readonly name = 'PodCommandFailed';
  readonly argv: readonly string[];
  readonly result: PodCommandResult;

  constructor(command: PodCommand, result: PodCommandResult) {
    super({
      attempted: `running ${pasteable(command.argv)}`,
      on: placeOf(command),
      seen: [`exit status ${result.status}`, ...outputLines(result)].join('\n'),
    });
    this.argv = command.argv;
    this.result = result;
  }
}

/** The command could not be started, or its end is unknown: connection refused or broken, deadline, no such program. */
export class PodExecFault extends DomainError {
  override readonly name = 'PodExecFault';
  readonly kind: 'not started' | 'no status' | 'deadline';

  constructor(kind: PodExecFault['kind'], command: PodCommand, seen: string, cause?: unknown) {
    super(
      {
        attempted: `running ${pasteable(command.argv)}`,
        on: placeOf(command),
        seen,
        why: {
          'not started': 'the command did not run',
          'no status': 'whether the command succeeded is not known, so its output proves nothing',
          deadline: 'the command may still be running in the container',
        }[kind],
        remedy: 'check that the pod is running and that its container has the program',
      },
      { cause },
    );
    this.kind = kind;
  }
}

/** Opens an exec connection. Tests replace client-node's. */
export type OpenExec = (
  command: PodCommand,
  streams: { stdout: PassThrough; stderr: PassThrough; stdin: Readable | null },
  onStatus: (status: V1Status) => void,
) => Promise<ExecSocket>;

/** The part of the WebSocket that is used. */
export interface ExecSocket {
  readonly readyState: number;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
  close(): void;
}

/**
 * Returns the status and both outputs of a command in a container.
 * @throws PodCommandFailed on a non-zero status (unless `nonZero: 'return'`)
 * @throws PodExecFault if the command could not be started or its end is unknown
 * @throws the signal's reason
 */
export function execInPod(
  client: ClusterClient,
  command: PodCommand,
  open: OpenExec = openExecOf(client),
): Promise<PodCommandResult> {
  return execOf(command, () => runOnce(command, open));
}

/** Returns the result of `once`, as {@link execInPod} does: repeats a repeatable command, and checks the status. */
export async function execOf(command: PodCommand, once: () => Promise<PodCommandResult>): Promise<PodCommandResult> {
  const { progress = silent } = command;
  const result = await pRetry(once, {
    retries: command.repeatable ? 1 : 0,
    minTimeout: 100,
    ...(command.signal ? { signal: command.signal } : {}),
    shouldRetry: ({ error }) => error instanceof PodExecFault && error.kind === 'no status',
    onFailedAttempt: ({ error, attemptNumber, retriesLeft }) => {
      if (retriesLeft > 0 && error instanceof PodExecFault && error.kind === 'no status') {
        progress.retried(`exec in ${placeOf(command)}`, attemptNumber, error.details.seen ?? '');
      }
    },
  });
  if (result.status !== 0 && command.nonZero !== 'return') throw new PodCommandFailed(command, result);
  return result;
}

/**
 * Returns client-node's function that opens an exec. It is imported late, because client-node takes a second to load.
 */
export function openExecOf(client: ClusterClient): OpenExec {
  return async ({ namespace, pod, container, argv }, { stdout, stderr, stdin }, onStatus) => {
    const { Exec } = await import('@kubernetes/client-node');
    const exec = new Exec(client.kubeConfig);
    return exec.exec(namespace, pod, container, [...argv], stdout, stderr, stdin, false, onStatus);
  };
}

/** Returns the result of a command that is run once, over its own connection. */
export async function runOnce(command: PodCommand, open: OpenExec): Promise<PodCommandResult> {
  const { within = 60_000, signal } = command;
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const outputs = Promise.all([textOf(stdout), textOf(stderr)]);
  const stdin = command.stdin === undefined ? null : Readable.from([Buffer.from(command.stdin)], { objectMode: false });
  let socket: ExecSocket | undefined;
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  let abort = (): void => {};
  try {
    const status = await new Promise<V1Status>((resolve, reject) => {
      abort = (): void => reject(signal?.reason);
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort);
      const late = `no end within ${duration(within)}`;
      timer = setTimeout(() => reject(new PodExecFault('deadline', command, late)), within);
      const closed = ({ code, reason }: { code: number; reason: string }): void => {
        // A status in the last message before the close has already been delivered.
        const how = `code ${code}${reason ? `, ${reason}` : ''}`;
        reject(new PodExecFault('no status', command, `the connection closed without an exit status (${how})`));
      };
      open(command, { stdout, stderr, stdin }, resolve).then(
        (opened) => {
          if (over) opened.close();
          socket = opened;
          opened.addEventListener('close', closed);
          if (opened.readyState >= 2) closed({ code: 1006, reason: 'closed while opening' });
        },
        (error: unknown) => reject(new PodExecFault('not started', command, handshakeText(error), error)),
      );
    });
    stdout.end();
    stderr.end();
    const [out, err] = await outputs;
    return { status: exitStatusOf(status, command), stdout: out, stderr: err };
  } finally {
    over = true;
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    stdout.end();
    stderr.end();
    socket?.close();
  }
}

/**
 * Returns the exit status of the Status object that ends an exec.
 * @throws PodExecFault for any other end
 */
function exitStatusOf(status: V1Status, command: PodCommand): number {
  if (status.status === 'Success') return 0;
  const exit = status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message;
  if (status.reason === 'NonZeroExitCode' && exit !== undefined) return Number(exit);
  throw new PodExecFault('not started', command, status.message ?? JSON.stringify(status));
}

/** Returns the WebSocket's message if the API server rejects the upgrade: "Unexpected server response: 404". */
export function handshakeText(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
  return typeof message === 'string' ? message : messageOf(error);
}

async function textOf(stream: PassThrough): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

function placeOf({ namespace, pod, container }: PodCommand): string {
  return `Pod ${namespace}/${pod}, container ${container}`;
}

function outputLines({ stdout, stderr }: PodCommandResult): string[] {
  return Object.entries({ stdout, stderr }).map(([name, text]) =>
    text.trim() === '' ? `${name} empty` : `${name}: ${text.trim().slice(-2000)}`,
  );
}
