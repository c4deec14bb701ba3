import { readFile } from 'node:fs/promises';
import type { ClusterClient } from '../api/client.ts';
import { type OpenExec, openExecOf, PodExecFault, runOnce } from '../api/pod-exec.ts';
import { connectContainer } from '../api/pod-shells.ts';
import { DomainError, messageOf } from '../errors/domain-error.ts';
import { CommandFailed, type CommandRequest, type CommandResult, isFileInput } from '../host/command/commander.ts';
import { fitsShell, type ShellSession, shellArgv } from '../host/command/shell-session.ts';
import { ShellPool } from '../host/command/shell-session-pool.ts';
import { pollUntil } from '../host/poll-until.ts';
import { withoutEscapes } from '../nodes/mountinfo.ts';
import { type Node, type NodePlaces, onNode } from '../nodes/node.ts';
import { type AgentPod, OutlastKubelet } from './outlast-kubelet.ts';

/** What an agent has found out about its host. */
export interface HostFacts {
  /** The folder in which kubelet keeps pods and plugins, such as /var/lib/kubelet. */
  kubelet: string;
  kernel: string;
  /** The id of the current boot. */
  boot: string;
  /** The host's machine id, empty if it has none. */
  machine: string;
  /** The name of the host's first process, such as systemd. */
  init: string;
  /** The systemd units of the container runtime and of kubelet, in this order; empty where they are in none. */
  units: readonly string[];
}

/**
 * A node that is reached through its agent, a privileged pod. Commands run in a few shells that stay open in it, over
 * the API's exec. Those that need more (input, environment, folder), or find all shells busy, get an exec of their own.
 */
export class AgentNode implements Node, Disposable {
  readonly name: string;
  readonly places: NodePlaces;
  readonly units: readonly string[];
  readonly facts: HostFacts;
  readonly #client: ClusterClient;
  readonly #open: OpenExec;
  #pod: AgentPod;
  /** While the agent is made again: it settles when there is one, or cannot be. */
  #moving: Promise<void> | undefined;
  readonly #shells: ShellPool;
  #outlasting: OutlastKubelet | undefined;

  /** `folders` says where disks and their files are; kubelet's root folder is found. */
  constructor(
    name: string,
    client: ClusterClient,
    pod: AgentPod,
    facts: HostFacts,
    folders: Omit<NodePlaces, 'kubelet'>,
    open: OpenExec = openExecOf(client),
  ) {
    this.name = name;
    this.places = { ...folders, kubelet: facts.kubelet };
    this.units = facts.units;
    this.facts = facts;
    this.#client = client;
    this.#open = open;
    this.#pod = pod;
    this.#shells = new ShellPool(() => connectContainer({ ...this.#pod, argv: shellArgv }, open));
  }

  get place(): string {
    return `${this.name} (agent ${this.#pod.namespace}/${this.#pod.pod})`;
  }

  async attempt(request: CommandRequest): Promise<CommandResult> {
    request.signal?.throwIfAborted();
    const begun = performance.now();
    const { status, stdout, stderr } = await this.#run(request);
    for (const line of `${stdout}${stderr}`.split('\n').filter(Boolean)) request.onLine?.(line);
    return { argv: request.argv, status, stdout, stderr, milliseconds: performance.now() - begun };
  }

  /**
   * Takes commands to another agent of the node, because this one has gone: those that begin before it is there wait for
   * it, and fail with its error.
   */
  moveTo(pod: Promise<AgentPod>): void {
    this.#shells[Symbol.dispose]();
    const moving = pod.then((moved) => {
      this.#pod = moved;
      if (this.#moving === moving) this.#moving = undefined;
    });
    // Each command that needs it reports it.
    moving.catch(() => {});
    this.#moving = moving;
  }

  /**
   * Sends commands past kubelet and the container runtime until the result is disposed. Disposal starts both if they are
   * stopped, and waits until commands reach the agent through kubelet again. If this process ends before, the node starts
   * both itself within a minute.
   */
  async outlastKubelet(signal?: AbortSignal): Promise<AsyncDisposable> {
    const outlasting = await OutlastKubelet.begin(this.#client, this.#pod, this.units, signal);
    this.#outlasting = outlasting;
    // They would break, and commands in them with an unknown end.
    this.#shells[Symbol.dispose]();
    return {
      [Symbol.asyncDispose]: async () => {
        try {
          for (const unit of this.units) await onNode(this, ['systemctl', 'start', unit], { deadline: 60_000 });
          await this.#reachable();
        } finally {
          this.#outlasting = undefined;
          await outlasting[Symbol.asyncDispose]();
        }
      },
    };
  }

  /** Closes the open shells and ends what runs in them. The node stays usable: the next command opens a new shell. */
  [Symbol.dispose](): void {
    this.#shells[Symbol.dispose]();
  }

  async #run(request: CommandRequest): Promise<Omit<CommandResult, 'argv' | 'milliseconds'>> {
    const argv = wrapped(request);
    const { deadline, signal } = request;
    await this.#moving?.catch((error: unknown) => {
      throw this.#failed(request, `its agent is gone: ${messageOf(error)}`);
    });
    if (this.#outlasting && request.stdin === undefined)
      return await this.#past(this.#outlasting, { ...request, argv });
    const shell = request.stdin === undefined && fitsShell(argv) ? this.#shells.free() : undefined;
    if (shell) return await this.#inShell(shell, { argv, deadline, signal });
    try {
      const command = { ...this.#pod, argv, within: deadline, signal, ...(await stdinOf(request)) };
      return await runOnce(command, this.#open);
    } catch (error) {
      if (!(error instanceof PodExecFault)) throw error;
      throw this.#failed(request, error.details.seen ?? error.message);
    }
  }

  /** Waits until kubelet passes on commands: for some seconds after its start it does not know its pods. */
  async #reachable(): Promise<void> {
    const command = { ...this.#pod, argv: ['true'], within: 10_000 };
    const look = () =>
      runOnce(command, this.#open).then(
        () => ({ answer: true }),
        (error: unknown) => ({ notYet: messageOf(error) }),
      );
    const last = await pollUntil(look, { within: 60_000, every: 200 });
    if ('answer' in last) return;
    throw new DomainError({
      attempted: 'reaching an agent again after kubelet was stopped',
      on: this.place,
      seen: last.notYet,
      remedy: `look at the node: ${this.units.join(' and ')} were started`,
    });
  }

  async #past(outlasting: OutlastKubelet, request: CommandRequest) {
    try {
      const outcome = await outlasting.run(request);
      if (outcome.kind === 'ended') return outcome;
      throw this.#failed(request, `no end within ${request.deadline / 1000} s`, outcome);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (error instanceof CommandFailed) throw error;
      throw this.#failed(request, messageOf(error));
    }
  }

  async #inShell(shell: ShellSession, request: Pick<CommandRequest, 'argv' | 'deadline' | 'signal'>) {
    const outcome = await shell.run(request);
    switch (outcome.kind) {
      case 'ended':
        return outcome;
      case 'late':
        throw this.#failed(request, `no end within ${request.deadline / 1000} s`, outcome);
      case 'shell gone': {
        const when = outcome.opened
          ? 'the shell in the agent was gone before the command had ended'
          : 'no shell opened';
        throw this.#failed(request, `${when} (${outcome.end.how})`, outcome);
      }
    }
  }

  #failed({ argv }: Pick<CommandRequest, 'argv'>, why: string, outputs = { stdout: '', stderr: '' }): CommandFailed {
    return new CommandFailed(this.place, { argv, ...outputs }, why);
  }
}

/** Returns the words that run a command with its environment and in its folder. */
function wrapped({ argv, env, directory }: CommandRequest): CommandRequest['argv'] {
  const settings = Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`);
  const folder = directory === undefined ? [] : [`--chdir=${directory}`];
  return settings.length + folder.length === 0 ? argv : ['env', ...folder, ...settings, ...argv];
}

async function stdinOf({ stdin }: CommandRequest): Promise<{ stdin?: string | Uint8Array }> {
  if (isFileInput(stdin)) return { stdin: await readFile(stdin.file) };
  return stdin === undefined ? {} : { stdin };
}

/** Returns the content of the output of describe-host.sh; undefined where kubelet's folder is not in it. Pure. */
export function readHostFacts(printed: string): HostFacts | undefined {
  const lines = printed.split('\n').filter(Boolean);
  const valuesOf = (name: string) =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const [kubelet] = valuesOf('kubelet');
  if (kubelet === undefined) return undefined;
  const one = (name: string) => valuesOf(name)[0] ?? '';
  // One process may be both, as k3s is.
  const units = [...new Set([...valuesOf('runtime'), ...valuesOf('unit')])];
  return {
    kubelet: withoutEscapes(kubelet),
    kernel: one('kernel'),
    boot: one('boot'),
    machine: one('machine'),
    init: one('init'),
    units,
  };
}
