import { type Mount, parseMountinfo } from './mountinfo.ts';
import { type Node, nodeScript, scriptOnNode } from './node.ts';

const script = nodeScript(import.meta.url, 'node-storage.sh');

/** The mounts of a node, and the loop devices of its kernel. */
export interface NodeStorage {
  mounts: Mount[];
  loops: { path: string; backingFile: string }[];
}

/** Returns the mounts of a node, as its first process sees them, and the loop devices. Changes nothing. */
export async function readNodeStorage(
  node: Node,
  options: { deadline?: number; signal?: AbortSignal } = {},
): Promise<NodeStorage> {
  return parseNodeStorage(await scriptOnNode(node, script, [], options));
}

/** Returns the content of the output of node-storage.sh. */
export function parseNodeStorage(printed: string): NodeStorage {
  const mounts: string[] = [];
  const loops: NodeStorage['loops'] = [];
  for (const line of printed.split('\n')) {
    const [, file = '', text = ''] = /^([^:]*):(.*)$/.exec(line) ?? [];
    const [, loop] = /^\/sys\/block\/(loop\d+)\//.exec(file) ?? [];
    if (loop) loops.push({ path: `/dev/${loop}`, backingFile: text });
    else if (file === '/proc/1/mountinfo') mounts.push(text);
  }
  return { mounts: parseMountinfo(mounts.join('\n')), loops };
}
