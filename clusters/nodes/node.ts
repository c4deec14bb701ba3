import { readFileSync } from 'node:fs';
import { type Commander, CommandFailed, type CommandRequest, type CommandResult } from '../host/command/commander.ts';
import { connectProcess, host } from '../host/command/host.ts';
import { fitsShell, type ShellConnection, shellArgv } from '../host/command/shell-session.ts';
import { ShellPool } from '../host/command/shell-session-pool.ts';
import { type Mount, parseMountinfo } from './mountinfo.ts';

/** Folders of a node in which volumes are made and looked for. */
export interface NodePlaces {
  /** kubelet's root folder, with its pods and plugins. */
  kubelet: string;
  /** Disks are mounted below it, and directories made. */
  disks: string;
  /** For the files that disks are made of. */
  files: string;
}

/** The places of the nodes that the harness makes; those of other nodes may differ. */
export const usualPlaces: NodePlaces = {
  kubelet: '/var/lib/kubelet',
  disks: '/mnt/disks',
  files: '/var/local/local-pv-conformance',
};

/**
 * A node of a cluster on which commands can be run as root: a container of the engine, or any node through a privileged
 * pod (clusters/agent).
 */
export interface Node extends Commander {
  /** The name of the Node object, such as node2. */
  readonly name: string;
  readonly places: NodePlaces;
  /** The systemd units that specs may stop: of the container runtime, then of kubelet. */
  readonly units: readonly string[];
  /**
   * Keeps commands possible while kubelet or the container runtime of the node is stopped, until the result is disposed.
   * Absent where commands need neither.
   */
  outlastKubelet?(signal?: AbortSignal): Promise<AsyncDisposable>;
}

/** Returns the systemd unit of a node that kubelet runs in, or its container runtime: on k3s, the same. */
export function unitOf({ units }: Pick<Node, 'units'>, program: 'kubelet' | 'containerd'): string {
  return units.at(program === 'kubelet' ? -1 : 0) ?? program;
}

/** Keeps a node within reach while its kubelet or container runtime is stopped, until the result is disposed. */
export async function outlastKubelet(node: Node, signal?: AbortSignal): Promise<AsyncDisposable> {
  return (await node.outlastKubelet?.(signal)) ?? { [Symbol.asyncDispose]: async () => {} };
}

/** A shell script for nodes, from a file in the folder of its module. */
export interface NodeScript {
  name: string;
  text: string;
}

/** Returns a shell script in the folder of a module. `module` is the module's `import.meta.url`. */
export function nodeScript(module: string, name: string): NodeScript {
  return { name, text: readFileSync(new URL(name, module), 'utf8') };
}

/** Returns a connection to a new shell in the container of a node. */
export type OpenNodeShell = (container: string) => ShellConnection;

const openShell: OpenNodeShell = (container) =>
  connectProcess(['docker', 'exec', '--interactive', container, ...shellArgv]);

/**
 * A node that is a container of the engine on this machine. Commands run in a few shells that stay open in it: one
 * `docker exec` costs as much as thirty commands in an open shell. Commands that a shell cannot run (input,
 * environment, folder, lines as they arrive) get a `docker exec` of their own, and so do those that find all shells
 * busy.
 */
export class EngineNode implements Node, Disposable {
  readonly name: string;
  readonly places = usualPlaces;
  readonly units = ['containerd', 'kubelet'];
  readonly container: string;
  readonly #host: Commander;
  readonly #shells: ShellPool | undefined;

  /** A commander other than this machine's runs every command, unless `open` returns shells. */
  constructor(
    name: string,
    container: string,
    commander: Commander = host,
    open: OpenNodeShell | undefined = commander === host ? openShell : undefined,
  ) {
    this.name = name;
    this.container = container;
    this.#host = commander;
    this.#shells = open && new ShellPool(() => open(container));
  }

  get place(): string {
    return `${this.name} (container ${this.container})`;
  }

  async attempt(request: CommandRequest): Promise<CommandResult> {
    request.signal?.throwIfAborted();
    const { argv, deadline, signal } = request;
    const begun = performance.now();
    const shell = isPlain(request) ? this.#shells?.free() : undefined;
    if (!shell) return this.#exec(request);
    const outcome = await shell.run({ argv, deadline, signal });
    const { kind, stdout, stderr } = outcome;
    const result = { argv, stdout, stderr, milliseconds: performance.now() - begun };
    const fail = (why: string) => new CommandFailed(this.place, result, why);
    switch (kind) {
      case 'ended':
        return { ...result, status: outcome.status };
      case 'late':
        throw fail(`no end within ${deadline / 1000} s`);
      case 'shell gone':
        // Without a shell no command ran: docker's own message, such as "container is not running", is the result.
        if (!outcome.opened && outcome.end.status) return { ...result, status: outcome.end.status };
        throw fail(`the shell on the node was gone before the command had ended (${outcome.end.how})`);
    }
  }

  /** Closes the open shells and ends what runs in them. The node stays usable: the next command opens a new shell. */
  [Symbol.dispose](): void {
    this.#shells?.[Symbol.dispose]();
  }

  #exec(request: CommandRequest): Promise<CommandResult> {
    const interactive = request.stdin === undefined ? [] : ['--interactive'];
    const environment = Object.entries(request.env ?? {}).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const directory = request.directory === undefined ? [] : ['--workdir', request.directory];
    const { env: _env, directory: _directory, argv, ...rest } = request;
    return this.#host.attempt({
      ...rest,
      argv: ['docker', 'exec', ...interactive, ...environment, ...directory, this.container, ...argv],
    });
  }
}

/** Returns whether an open shell can run the command. */
function isPlain({ argv, stdin, env, directory, onLine }: CommandRequest): boolean {
  return fitsShell(argv) && [stdin, env, directory, onLine].every((wish) => wish === undefined);
}

const defaultDeadline = 60_000;

/**
 * Returns the standard output of a program that runs on a node.
 * @throws CommandFailed with the node, the command and both outputs
 */
export async function onNode(
  node: Node,
  argv: CommandRequest['argv'],
  options: { deadline?: number; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const result = await node.attempt({ deadline: defaultDeadline, ...options, argv });
  if (result.status !== 0) throw new CommandFailed(node.place, { ...result, argv }, `exit status ${result.status}`);
  return result.stdout;
}

/**
 * Returns the standard output of a shell script that runs on a node with arguments. The text of the script is also an
 * argument, so nothing has to be installed on the node.
 * @throws CommandFailed
 */
export async function scriptOnNode(
  node: Node,
  script: NodeScript,
  args: readonly string[],
  options: { deadline?: number; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const result = await node.attempt({
    deadline: defaultDeadline,
    ...options,
    argv: ['sh', '-c', script.text, script.name, ...args],
  });
  if (result.status !== 0)
    throw new CommandFailed(node.place, { ...result, argv: [script.name, ...args] }, `exit status ${result.status}`);
  return result.stdout;
}

/** Returns the mounts of the node itself, as its first process sees them. */
export async function nodeMounts(node: Node, signal?: AbortSignal): Promise<Mount[]> {
  return parseMountinfo(await onNode(node, ['cat', '/proc/1/mountinfo'], { signal }));
}
