import { DomainError, messageOf } from '../../errors/domain-error.ts';
import { type Commander, CommandFailed, type CommandRequest, type CommandResult, run } from '../command/commander.ts';
import { host } from '../command/host.ts';

/** What a container engine says of itself. */
export interface EngineFacts {
  name: 'docker';
  serverVersion: string;
  storageDriver: string;
  cgroupVersion: string;
  rootless: boolean;
  kernel: string;
  operatingSystem: string;
  architecture: string;
  cpus: number;
  memoryBytes: number;
  /** Where the engine keeps its data; on this machine's file system unless it runs in a VM. */
  dataRoot: string;
}

/** Whether there is an engine, told apart by what a user has to do about it. */
export type EngineState =
  | { kind: 'answers'; facts: EngineFacts }
  | { kind: 'no client' }
  | { kind: 'no daemon'; said: string }
  | { kind: 'refused'; said: string }
  | { kind: 'silent'; seconds: number };

const probeDeadline = 10_000;

/** Asks the engine of the current Docker context who it is. Never starts or changes anything. */
export async function probeEngine(signal?: AbortSignal): Promise<EngineState> {
  let result: CommandResult;
  try {
    result = await host.attempt({
      argv: ['docker', 'info', '--format', '{{json .}}'],
      deadline: probeDeadline,
      signal,
    });
  } catch (error) {
    if (error instanceof CommandFailed) return { kind: 'silent', seconds: probeDeadline / 1000 };
    throw error;
  }
  return readEngineState(result);
}

/** Reads the answer of `docker info --format '{{json .}}'`. */
export function readEngineState({
  status,
  stdout,
  stderr,
}: Pick<CommandResult, 'status' | 'stdout' | 'stderr'>): EngineState {
  if (status === 127) return { kind: 'no client' };
  const info = parseInfo(stdout);
  const said = [...(info?.ServerErrors ?? []), stderr.trim()].filter(Boolean).join('\n');
  if (info?.ServerVersion) {
    return {
      kind: 'answers',
      facts: {
        name: 'docker',
        serverVersion: info.ServerVersion,
        storageDriver: info.Driver ?? 'unknown',
        cgroupVersion: info.CgroupVersion ?? 'unknown',
        rootless: info.SecurityOptions?.some((option) => option.includes('rootless')) ?? false,
        kernel: info.KernelVersion ?? 'unknown',
        operatingSystem: info.OperatingSystem ?? 'unknown',
        architecture: info.Architecture ?? 'unknown',
        cpus: info.NCPU ?? 0,
        memoryBytes: info.MemTotal ?? 0,
        dataRoot: info.DockerRootDir ?? '/',
      },
    };
  }
  return /permission denied/i.test(said) ? { kind: 'refused', said } : { kind: 'no daemon', said };
}

interface DockerInfo {
  ServerVersion?: string;
  Driver?: string;
  CgroupVersion?: string;
  SecurityOptions?: string[];
  KernelVersion?: string;
  OperatingSystem?: string;
  Architecture?: string;
  NCPU?: number;
  MemTotal?: number;
  DockerRootDir?: string;
  ServerErrors?: string[];
}

function parseInfo(text: string): DockerInfo | undefined {
  try {
    return JSON.parse(text) as DockerInfo;
  } catch {
    return undefined;
  }
}

/** The container engine: images, containers and networks, each call with a deadline. */
export class Engine {
  readonly facts: EngineFacts;
  readonly #commander: Commander;

  constructor(facts: EngineFacts, commander: Commander = host) {
    this.facts = facts;
    this.#commander = commander;
  }

  /** Runs `docker …` and rejects with its output when it fails. The deadline is in milliseconds. */
  run(
    args: readonly string[],
    options: Omit<CommandRequest, 'argv' | 'deadline'> & { deadline?: number } = {},
  ): Promise<CommandResult> {
    return run(this.#commander, { deadline: 60_000, ...options, argv: ['docker', ...args] });
  }

  /** As {@link run}, but a failure is a result. */
  attempt(
    args: readonly string[],
    options: Omit<CommandRequest, 'argv' | 'deadline'> & { deadline?: number } = {},
  ): Promise<CommandResult> {
    return this.#commander.attempt({ deadline: 60_000, ...options, argv: ['docker', ...args] });
  }

  /** The id (`sha256:…`) of an image that is present here, or undefined. Nothing is pulled. */
  async imageId(reference: string, signal?: AbortSignal): Promise<string | undefined> {
    const { status, stdout } = await this.attempt(['image', 'inspect', '--format', '{{.Id}}', reference], { signal });
    return status === 0 ? stdout.trim() : undefined;
  }

  /** The digests (`name@sha256:…`) under which registries know an image that is present here. */
  async imageDigests(reference: string, signal?: AbortSignal): Promise<string[]> {
    const { status, stdout } = await this.attempt(
      ['image', 'inspect', '--format', '{{json .RepoDigests}}', reference],
      { signal },
    );
    return status === 0 ? ((JSON.parse(stdout) as string[] | null) ?? []) : [];
  }

  /** The image of a container, by the reference that it was made with; undefined where there is no such container. */
  async imageOf(container: string, signal?: AbortSignal): Promise<string | undefined> {
    const { status, stdout } = await this.attempt(
      ['container', 'inspect', '--format', '{{.Config.Image}}', container],
      { signal },
    );
    return status === 0 ? stdout.trim() : undefined;
  }

  /** Names of the containers that carry a label, running or not. */
  async containersWithLabel(label: string, signal?: AbortSignal): Promise<string[]> {
    const { stdout } = await this.run(['ps', '--all', '--filter', `label=${label}`, '--format', '{{.Names}}'], {
      signal,
    });
    return stdout.split('\n').filter(Boolean).sort();
  }

  /** Removes containers with their anonymous volumes; those that are gone already are fine. */
  async removeContainers(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.run(['rm', '--force', '--volumes', ...names], { deadline: 120_000 });
  }

  /** Whether there is a network of exactly that name. */
  async hasNetwork(name: string, signal?: AbortSignal): Promise<boolean> {
    const { stdout } = await this.run(['network', 'ls', '--filter', `name=${name}`, '--format', '{{.Name}}'], {
      signal,
    });
    // The filter takes any name that has this one in it.
    return stdout.split('\n').includes(name);
  }

  /** Removes a network; one that is gone already is fine. */
  async removeNetwork(name: string): Promise<void> {
    const { status, stderr } = await this.attempt(['network', 'rm', name]);
    if (status !== 0 && !/not found|no such network/i.test(stderr)) {
      throw new DomainError({
        attempted: `removing the network ${name}`,
        seen: stderr,
        remedy: `docker network rm ${name}`,
      });
    }
  }

  /** Proves that a privileged container of an image can be started: kind's nodes are such containers. */
  async provePrivileged(image: string, signal?: AbortSignal): Promise<void> {
    try {
      // Takes a second, and is not cut off: a container that is created but never started is never removed.
      await this.run(['run', '--rm', '--privileged', '--network', 'none', '--entrypoint', '/bin/true', image]);
      signal?.throwIfAborted();
    } catch (error) {
      signal?.throwIfAborted();
      throw new DomainError(
        {
          attempted: 'starting a privileged container',
          on: image,
          seen: messageOf(error),
          why: 'the nodes of a kind cluster are privileged containers: kubelet in them mounts disks',
          remedy:
            'allow privileged containers for this user. Docker before 23 asks for every capability that the kernel knows and fails where the machine withholds one: a newer Docker asks only for those it has itself.',
        },
        { cause: error },
      );
    }
  }
}
