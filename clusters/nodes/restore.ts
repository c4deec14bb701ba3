import { type Node, nodeScript, scriptOnNode } from './node.ts';

const scripts = {
  wake: nodeScript(import.meta.url, 'wake-node.sh'),
  clear: nodeScript(import.meta.url, 'clear-node.sh'),
};

/**
 * Starts what specs of a run may have stopped on a node: kubelet, containerd, paused processes; takes away what keeps
 * kubelet from unmounting a volume. Returns a line for each.
 */
export function wakeNode(node: Node, run: string, signal?: AbortSignal): Promise<string[]> {
  return told(node, 'wake', [run], signal);
}

/** Removes what specs of a run made on a node and left there. Returns a line for each thing that it removed. */
export function clearNode(node: Node, run: string, signal?: AbortSignal): Promise<string[]> {
  return told(node, 'clear', [run], signal);
}

async function told(node: Node, name: keyof typeof scripts, args: string[], signal?: AbortSignal): Promise<string[]> {
  const printed = await scriptOnNode(node, scripts[name], args, { signal, deadline: 60_000 });
  return printed
    .split('\n')
    .filter(Boolean)
    .map((line) => `${node.name}: ${line}`);
}
