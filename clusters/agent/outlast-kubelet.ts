import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ClusterClient } from '../api/client.ts';
import { execInPod } from '../api/pod-exec.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { CommandRequest } from '../host/command/commander.ts';

const program = readFileSync(new URL('outlast-kubelet.pl', import.meta.url), 'utf8');

/** Seconds after which the program starts the stopped units itself, when it has not heard from this process. */
const patience = 60;
/** Milliseconds between signs of life. */
const heartbeat = 10_000;
/** Milliseconds beyond a command's deadline in which its answer must arrive. */
const delivery = 5_000;

/** What a command has printed and how it ended. */
export type OutlastOutcome =
  | { kind: 'ended'; status: number; stdout: string; stderr: string }
  | { kind: 'late'; stdout: string; stderr: string };

/** The pod in which the program runs. */
export interface AgentPod {
  namespace: string;
  pod: string;
  container: string;
  /** Its address, which is that of its node. */
  address: string;
}

/**
 * A way to run commands on a node whose kubelet or container runtime is stopped: a program in the agent's pod, to which
 * the API server passes them. While this process lives it sends signs of life. Without them the program starts the
 * stopped units itself, and ends.
 */
export class OutlastKubelet implements AsyncDisposable {
  readonly #client: Pick<ClusterClient, 'askPod'>;
  readonly #place: { namespace: string; name: string; port: number };
  readonly #secret: string;
  readonly #beat: NodeJS.Timeout;
  #number = 0;

  constructor(
    client: Pick<ClusterClient, 'askPod'>,
    place: { namespace: string; name: string; port: number },
    secret: string,
  ) {
    this.#client = client;
    this.#place = place;
    this.#secret = secret;
    // A sign of life that is lost is followed by another one. A command that is lost is reported by itself.
    this.#beat = setInterval(() => void this.#ask([], 5_000).catch(() => {}), heartbeat);
    this.#beat.unref();
  }

  /** Starts the program in an agent's pod, and proves that the API server reaches it. Kubelet must be running. */
  static async begin(
    client: ClusterClient,
    { namespace, pod, container, address }: AgentPod,
    units: readonly string[],
    signal?: AbortSignal,
  ): Promise<OutlastKubelet> {
    // Through standard input, so that no process list shows it.
    const secret = randomBytes(32).toString('hex');
    const argv = ['perl', '-e', program, address, String(patience), ...units];
    const started = await execInPod(client, { namespace, pod, container, argv, stdin: `${secret}\n`, signal });
    const port = Number(started.stdout.split(' ')[0]);
    const outlast = new OutlastKubelet(client, { namespace, name: pod, port }, secret);
    try {
      await outlast.#ask([], 10_000, signal);
    } catch (error) {
      await outlast[Symbol.asyncDispose]();
      throw new DomainError(
        {
          attempted: 'reaching an agent without the kubelet of its node',
          on: `Pod ${namespace}/${pod}, ${address} port ${port}`,
          seen: error instanceof Error ? error.message : String(error),
          why: 'kubelet is not stopped before that works: nothing else could start it again',
          remedy: 'let the API server connect to ports of the nodes, and this user to "create" pods/proxy',
        },
        { cause: error },
      );
    }
    return outlast;
  }

  /**
   * Returns the outcome of a command.
   * @throws ApiRefusal, ApiUnreachable if the program gives no answer; the signal's reason
   */
  async run({ argv, deadline, signal }: Pick<CommandRequest, 'argv' | 'deadline' | 'signal'>): Promise<OutlastOutcome> {
    const answer = await this.#ask(argv, deadline, signal);
    const [status = '', out = '', err = ''] = answer.split('\n');
    const outputs = { stdout: textOf(out), stderr: textOf(err) };
    return status === 'late' ? { kind: 'late', ...outputs } : { kind: 'ended', status: Number(status), ...outputs };
  }

  /** Ends the program. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beat);
    // If it does not hear this, it ends by itself, and starts units that run already.
    await this.#send('0', [], 5_000).catch(() => {});
  }

  #ask(argv: readonly string[], deadline: number, signal?: AbortSignal): Promise<string> {
    this.#number += 1;
    return this.#send(String(this.#number), argv, deadline, signal);
  }

  #send(number: string, argv: readonly string[], deadline: number, signal?: AbortSignal): Promise<string> {
    const body = sealed(this.#secret, [number, String(Math.ceil(deadline / 1000)), ...argv]);
    return this.#client.askPod(this.#place, body, { within: deadline + delivery, signal });
  }
}

/** Returns the body of a request: the proof that its sender knows the secret, and the words, in hexadecimal. Pure. */
export function sealed(secret: string, words: readonly string[]): string {
  const text = Buffer.from(words.join('\0'));
  const sum = (data: Buffer) => createHash('sha256').update(secret).update(data).digest();
  return Buffer.concat([sum(sum(text)), text]).toString('hex');
}

const textOf = (digits: string): string => Buffer.from(digits, 'hex').toString('utf8');
