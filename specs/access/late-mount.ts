import { type Node, onNode } from '../../clusters/nodes/node.ts';

/** A mount on a node that goes when it is disposed. */
export interface NodeMount extends AsyncDisposable {
  path: string;
}

/** Mounts a little memory at a directory of a node. */
export async function mountOnNode(node: Node, path: string): Promise<NodeMount> {
  await onNode(node, ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await onNode(node, ['umount', path]);
    },
  };
}
