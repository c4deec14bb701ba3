import { holdDirectory } from '../../clusters/nodes/lacking.ts';
import { type Node, onNode } from '../../clusters/nodes/node.ts';
import { once, testCluster } from '../harness/index.ts';

// Directories of nodes, as the specs of this chapter need them.

/** A mount on a node, until it is disposed of. */
export interface NodeMount extends AsyncDisposable {
  path: string;
}

/** Mounts memory (1 MiB) at a directory of a node, until it is disposed of. */
export async function mountOnNode(node: Node, path: string): Promise<NodeMount> {
  await onNode(node, ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await onNode(node, ['umount', path]);
    },
  };
}

/** Mounts what is mounted at a path of a node at a second place, until it is disposed of. */
export async function mountAgain(node: Node, path: string): Promise<NodeMount> {
  const second = `${path}-again`;
  await onNode(node, ['sh', '-ceu', 'mkdir "$2"; mount --bind "$1" "$2"', 'sh', path, second]);
  return {
    path: second,
    async [Symbol.asyncDispose]() {
      await onNode(node, ['sh', '-ceu', 'umount "$1"; rmdir "$1"', 'sh', second]);
    },
  };
}

/** A directory of a node that cannot be opened. */
export interface BlockedDirectory extends AsyncDisposable {
  /** Lets all that wait open it, and all that come later. */
  release(): Promise<void>;
}

/**
 * Keeps a directory of a node from being opened, like a very slow disk: `open` waits, and costs nothing meanwhile. What
 * is changed of the directory by its name, such as its group, is done at once. It ends by itself after five minutes.
 */
export async function blockDirectory(node: Node, path: string): Promise<BlockedDirectory> {
  const pid = await holdDirectory(node, path, 300);
  const release = once(async () => {
    await onNode(node, ['kill', pid]);
  });
  return { release, [Symbol.asyncDispose]: release };
}

/** Waits, at most 90 s, until a file is there on a node. The node itself looks: nothing reports what a container makes. */
export async function awaitFile(node: Node, path: string): Promise<void> {
  const script = 'until [ -e "$1" ]; do sleep 0.1; done';
  await onNode(node, ['timeout', '90', 'sh', '-c', script, 'sh', path], { deadline: 120_000 });
}

/** Returns group and mode of a file or directory on a node, such as `1234 2775`. */
export async function groupAndMode(nodeName: string, path: string): Promise<string> {
  const { node } = await testCluster();
  return (await onNode(node(nodeName), ['stat', '-L', '-c', '%g %a', path])).trim();
}
