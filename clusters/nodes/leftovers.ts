import { DomainError, type ErrorDetails } from '../errors/domain-error.ts';
import { type Node, type NodeScript, nodeScript, scriptOnNode } from './node.ts';

/** A spec has left something on a node: a mount, a loop device, a directory. Reports show it as a leak. */
export class LeftBehind extends DomainError {
  override readonly name = 'LeftBehind';
  /** What is left and where, one line each. */
  readonly left: readonly string[];

  constructor(details: Omit<ErrorDetails, 'seen'>, left: readonly string[]) {
    super({ ...details, seen: left.join('\n') }, { exit: 'doesNotConform' });
    this.left = left;
  }
}

const scripts = {
  leftovers: nodeScript(import.meta.url, 'leftovers.sh'),
  places: nodeScript(import.meta.url, 'volume-places.sh'),
  wake: nodeScript(import.meta.url, 'wake-node.sh'),
  clear: nodeScript(import.meta.url, 'clear-node.sh'),
};

/**
 * Waits until a node has no mount, loop device or kubelet directory with one of the words in its name: uids of deleted
 * pods, names of deleted PersistentVolumes. Kubelet takes volumes down after the pod, and has `within` milliseconds for it.
 * @throws LeftBehind
 */
export async function awaitNothingLeft(node: Node, words: readonly string[], within: number): Promise<void> {
  if (words.length === 0) return;
  const left = await scriptOnNode(node, scripts.leftovers, [String(Math.ceil(within)), node.places.kubelet, ...words], {
    deadline: within + 60_000,
  });
  if (left === '') return;
  throw new LeftBehind(
    {
      attempted: 'proving that nothing is left of volumes whose pods are gone',
      on: node.name,
      why: 'what kubelet leaves mounted or attached keeps disks busy, and adds up until the node has no loop device left',
    },
    left.trim().split('\n'),
  );
}

/** Returns every path of a node that local volumes use, sorted. Loop devices are those of the whole kernel. */
export async function volumePlaces(node: Node): Promise<string[]> {
  const { kubelet, disks, files } = node.places;
  return (await scriptOnNode(node, scripts.places, [kubelet, disks, files])).split('\n').filter(Boolean).sort();
}

/**
 * Starts what specs of a run may have stopped on a node: kubelet, containerd, paused processes. Removes what keeps
 * kubelet from unmounting a volume. Returns a line for each of these.
 */
export function wakeNode(node: Node, run: string, signal?: AbortSignal): Promise<string[]> {
  return restore(node, scripts.wake, [run, node.places.disks, ...node.units], signal);
}

/** Removes what specs of a run made on a node and left there. Returns a line for each thing that it removed. */
export function clearNode(node: Node, run: string, signal?: AbortSignal): Promise<string[]> {
  const { kubelet, disks, files } = node.places;
  return restore(node, scripts.clear, [run, kubelet, disks, files], signal);
}

async function restore(node: Node, script: NodeScript, args: string[], signal?: AbortSignal): Promise<string[]> {
  const printed = await scriptOnNode(node, script, args, { signal, deadline: 60_000 });
  return printed
    .split('\n')
    .filter(Boolean)
    .map((line) => `${node.name}: ${line}`);
}
