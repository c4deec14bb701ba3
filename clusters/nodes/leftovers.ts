import { DomainError, type ErrorDetails } from '../errors/domain-error.ts';
import { type Node, nodeScript, scriptOnNode } from './node.ts';

/** Something of a spec is left on a node: a mount, a loop device, a directory. Reports tell it as a leak. */
export class LeftBehind extends DomainError {
  override readonly name = 'LeftBehind';
  /** What is left and where, a line each. */
  readonly left: readonly string[];

  constructor(details: Omit<ErrorDetails, 'seen'>, left: readonly string[]) {
    super({ ...details, seen: left.join('\n') }, { exit: 'doesNotConform' });
    this.left = left;
  }
}

const leftoversScript = nodeScript(import.meta.url, 'leftovers.sh');
const placesScript = nodeScript(import.meta.url, 'volume-places.sh');

/** Milliseconds that kubelet may take to unmount and detach what a pod that is gone has used. */
const patience = 20_000;

/**
 * Proves that a node has no mount, loop device or kubelet directory left that names one of the words: uids of pods that
 * are gone, names of PersistentVolumes that are gone. Waits for kubelet, which takes volumes down after the pod.
 * @throws LeftBehind
 */
export async function proveNothingLeft(node: Node, words: readonly string[]): Promise<void> {
  if (words.length === 0) return;
  const left = await scriptOnNode(node, leftoversScript, [String(patience), ...words], { deadline: 2 * patience });
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

/** Every place of a node that local volumes use, a line each, in order. Loop devices are those of the whole kernel. */
export async function volumePlaces(node: Node): Promise<string[]> {
  return (await scriptOnNode(node, placesScript, [])).split('\n').filter(Boolean).sort();
}
