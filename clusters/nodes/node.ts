import { type Commander, CommandFailed, type CommandRequest, type CommandResult } from '../command/commander.ts';
import { host } from '../command/host.ts';
import { type Mount, parseMountinfo } from './mountinfo.ts';

/**
 * A node of a cluster on which commands can be run as root. The engine's exec is the first implementation;
 * clusters that are not ours could be reached through a privileged pod that implements the same interface.
 */
export interface Node extends Commander {
  /** The name of the Node object, such as node2. */
  readonly name: string;
}

/** The commands that a node's shell scripts are written for; read from files beside the code. */
export interface NodeScript {
  name: string;
  text: string;
}

/** A node that is a container of the engine on this machine. */
export class EngineNode implements Node {
  readonly name: string;
  readonly container: string;
  readonly #host: Commander;

  constructor(name: string, container: string, commander: Commander = host) {
    this.name = name;
    this.container = container;
    this.#host = commander;
  }

  get place(): string {
    return `${this.name} (container ${this.container})`;
  }

  attempt(request: CommandRequest): Promise<CommandResult> {
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

const defaultDeadline = 30_000;

/** Runs a program on a node and gives its standard output; a failure carries the node, the command and both outputs. */
export async function onNode(
  node: Node,
  argv: CommandRequest['argv'],
  options: { deadline?: number; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const result = await node.attempt({ deadline: defaultDeadline, ...options, argv });
  if (result.status !== 0) throw new CommandFailed(node.place, { ...result, argv }, `exit status ${result.status}`);
  return result.stdout;
}

/** Runs a shell script on a node with arguments; it is sent on standard input, so nothing has to be installed there. */
export async function scriptOnNode(
  node: Node,
  script: NodeScript,
  args: readonly string[],
  options: { deadline?: number; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const result = await node.attempt({
    deadline: defaultDeadline,
    ...options,
    argv: ['sh', '-s', '--', ...args],
    stdin: script.text,
  });
  if (result.status !== 0)
    throw new CommandFailed(node.place, { ...result, argv: [script.name, ...args] }, `exit status ${result.status}`);
  return result.stdout;
}

/** The mounts of the node itself, as its first process sees them. */
export async function nodeMounts(node: Node, signal?: AbortSignal): Promise<Mount[]> {
  return parseMountinfo(await onNode(node, ['cat', '/proc/1/mountinfo'], { signal }));
}
