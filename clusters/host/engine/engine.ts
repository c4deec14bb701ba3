import { DomainError } from '../../errors/domain-error.ts';
import { type Commander, CommandFailed, type CommandRequest, type CommandResult, run } from '../command/commander.ts';
import { host } from '../command/host.ts';

/** What a container engine reports of itself. */
export interface EngineFacts {
  name: 'docker';
  serverVersion: string;
  storageDriver: string;
  cgroupVersion: string;
  rootless: boolean;
  /**
   * The security modules that confine the engine's containers, such as `AppArmor`. Privileged containers are not
   * confined.
   */
  confinedBy: readonly string[];
  kernel: string;
  operatingSystem: string;
  architecture: string;
  cpus: number;
  memoryBytes: number;
  /** The engine's data folder; on this machine's file system unless the engine runs in a VM. */
  dataRoot: string;
}

/** The state of the engine. Each kind needs another action of the user. */
export type EngineState =
  | { kind: 'answers'; facts: EngineFacts }
  | { kind: 'no client' }
  | { kind: 'no daemon'; message: string }
  | { kind: 'refused'; message: string }
  | { kind: 'silent'; seconds: number };

const probeDeadline = 10_000;

/** Returns the state of the engine of the current Docker context. Starts and changes nothing. */
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

/** Parses the output of `docker info --format '{{json .}}'`. */
export function readEngineState({
  status,
  stdout,
  stderr,
}: Pick<CommandResult, 'status' | 'stdout' | 'stderr'>): EngineState {
  if (status === 127) return { kind: 'no client' };
  const info = parseInfo(stdout);
  const message = [...(info?.ServerErrors ?? []), stderr.trim()].filter(Boolean).join('\n');
  if (info?.ServerVersion) {
    return {
      kind: 'answers',
      facts: {
        name: 'docker',
        serverVersion: info.ServerVersion,
        storageDriver: info.Driver ?? 'unknown',
        cgroupVersion: info.CgroupVersion ?? 'unknown',
        rootless: info.SecurityOptions?.some((option) => option.includes('rootless')) ?? false,
        confinedBy: Object.entries({ apparmor: 'AppArmor', selinux: 'SELinux' }).flatMap(([option, name]) =>
          info.SecurityOptions?.includes(`name=${option}`) ? [name] : [],
        ),
        kernel: info.KernelVersion ?? 'unknown',
        operatingSystem: info.OperatingSystem ?? 'unknown',
        architecture: info.Architecture ?? 'unknown',
        cpus: info.NCPU ?? 0,
        memoryBytes: info.MemTotal ?? 0,
        dataRoot: info.DockerRootDir ?? '/',
      },
    };
  }
  return /permission denied/i.test(message) ? { kind: 'refused', message } : { kind: 'no daemon', message };
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

/** The container engine: images, containers and networks. Each call has a deadline. */
export class Engine {
  readonly facts: EngineFacts;
  readonly #commander: Commander;

  constructor(facts: EngineFacts, commander: Commander = host) {
    this.facts = facts;
    this.#commander = commander;
  }

  /**
   * Runs `docker …`. The deadline is in milliseconds, 60 000 by default.
   * @throws CommandFailed with the output of docker
   */
  run(
    args: readonly string[],
    options: Omit<CommandRequest, 'argv' | 'deadline'> & { deadline?: number } = {},
  ): Promise<CommandResult> {
    return run(this.#commander, { deadline: 60_000, ...options, argv: ['docker', ...args] });
  }

  /** Runs `docker …` and returns its result, even if it fails. */
  attempt(
    args: readonly string[],
    options: Omit<CommandRequest, 'argv' | 'deadline'> & { deadline?: number } = {},
  ): Promise<CommandResult> {
    return this.#commander.attempt({ deadline: 60_000, ...options, argv: ['docker', ...args] });
  }

  /** Returns the id (`sha256:…`) of a local image; undefined if it is absent. Pulls nothing. */
  async imageId(reference: string, signal?: AbortSignal): Promise<string | undefined> {
    const { status, stdout } = await this.attempt(['image', 'inspect', '--format', '{{.Id}}', reference], { signal });
    return status === 0 ? stdout.trim() : undefined;
  }

  /**
   * Waits until `make` has made an image under a name. Removes the image that had the name before, unless it has other
   * names, or a container or another image needs it.
   */
  async replaceImage(reference: string, make: () => Promise<unknown>): Promise<void> {
    const before = await this.imageId(reference);
    await make();
    if (before === undefined || before === (await this.imageId(reference))) return;
    const names = await this.attempt(['image', 'inspect', '--format', '{{len .RepoTags}}', before]);
    if (names.status === 0 && names.stdout.trim() === '0') await this.attempt(['image', 'rm', before]);
  }

  /** Returns the digests (`name@sha256:…`) of a local image in registries. */
  async imageDigests(reference: string, signal?: AbortSignal): Promise<string[]> {
    const { status, stdout } = await this.attempt(
      ['image', 'inspect', '--format', '{{json .RepoDigests}}', reference],
      { signal },
    );
    return status === 0 ? ((JSON.parse(stdout) as string[] | null) ?? []) : [];
  }

  /** Returns the image reference of a container; undefined if there is no such container. */
  async imageOf(container: string, signal?: AbortSignal): Promise<string | undefined> {
    const { status, stdout } = await this.attempt(
      ['container', 'inspect', '--format', '{{.Config.Image}}', container],
      { signal },
    );
    return status === 0 ? stdout.trim() : undefined;
  }

  /** Returns the names of the containers with a label, running or not. */
  async containersWithLabel(label: string, signal?: AbortSignal): Promise<string[]> {
    const { stdout } = await this.run(['ps', '--all', '--filter', `label=${label}`, '--format', '{{.Names}}'], {
      signal,
    });
    return stdout.split('\n').filter(Boolean).sort();
  }

  /** Removes containers with their anonymous volumes. Absent ones are ignored. */
  async removeContainers(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.run(['rm', '--force', '--volumes', ...names], { deadline: 120_000 });
  }

  /** Returns whether there is a network of exactly this name. */
  async hasNetwork(name: string, signal?: AbortSignal): Promise<boolean> {
    const { stdout } = await this.run(['network', 'ls', '--filter', `name=${name}`, '--format', '{{.Name}}'], {
      signal,
    });
    // The filter also matches names that contain this one.
    return stdout.split('\n').includes(name);
  }

  /** Removes a network. An absent one is ignored. */
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

  /**
   * Runs a program in a privileged container of an image, because kind's nodes are such containers. Returns its result,
   * whatever its exit status. The container is gone afterwards.
   * @throws DomainError if such a container cannot be started
   */
  async runPrivileged(
    image: string,
    container: string,
    [program, ...args]: readonly [string, ...string[]],
    signal?: AbortSignal,
  ): Promise<CommandResult> {
    const start = ['run', '--rm', '--privileged', '--network', 'none', '--name', container];
    // It takes a second and is not aborted: otherwise a container could be created, never started, and stay.
    const run = this.attempt([...start, '--entrypoint', program, image, ...args]);
    const result = await run.catch((error: unknown) => error);
    signal?.throwIfAborted();
    // docker's own statuses: 125 for itself, 126 and 127 for a program that it cannot start.
    if (!(result instanceof Error) && (result as CommandResult).status < 125) return result as CommandResult;
    // If this also fails, the deletion of the cluster tries it again.
    await this.removeContainers([container]).catch(() => {});
    throw new DomainError(
      {
        attempted: 'starting a privileged container',
        on: image,
        seen: result instanceof Error ? result.message : (result as CommandResult).stderr.trim(),
        why: 'the nodes of a kind cluster are privileged containers: kubelet in them mounts disks',
        remedy:
          'allow privileged containers for this user. Docker before 23 asks for every capability that the kernel knows and fails where the machine withholds one: a newer Docker asks only for those it has itself.',
      },
      { cause: result },
    );
  }
}
