import { readFileSync } from 'node:fs';
import { LeftBehind } from './left-behind.ts';
import { type Node, type NodeScript, scriptOnNode } from './node.ts';

const script = (name: string): NodeScript => ({ name, text: readFileSync(new URL(name, import.meta.url), 'utf8') });
const leftoversScript = script('leftovers.sh');
const placesScript = script('volume-places.sh');

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
