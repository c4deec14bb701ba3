import { readFileSync } from 'node:fs';
import { type Node, nodeScript, onNode, scriptOnNode } from './node.ts';

const lackingScript = nodeScript(import.meta.url, 'lacking.sh');

/**
 * What the nodes of a cluster lack, by the names of features, each with the reason and the nodes that it is said of:
 * `{"xfs": "mkfs.xfs is not there: node2, node3"}`. Where one node lacks it, the cluster does: specs choose their
 * nodes.
 */
export async function lackingFeatures(
  nodes: readonly Node[],
  signal?: AbortSignal | undefined,
): Promise<Record<string, string>> {
  const told = await Promise.all(
    nodes.map(async (node) => ({
      node: node.name,
      lines: await scriptOnNode(node, lackingScript, [holdDirectoryProgram], { signal }),
    })),
  );
  return lackingOf(told);
}

/** The same from what lacking.sh has printed on each node. Pure. */
export function lackingOf(told: readonly { node: string; lines: string }[]): Record<string, string> {
  const lacking: Record<string, { reason: string; nodes: string[] }> = {};
  for (const { node, lines } of told) {
    for (const line of lines.split('\n').filter(Boolean)) {
      const [feature = '', reason = ''] = line.split('\t');
      lacking[feature] ??= { reason, nodes: [] };
      lacking[feature].nodes.push(node);
    }
  }
  return Object.fromEntries(
    Object.entries(lacking).map(([feature, { reason, nodes }]) => [feature, `${reason}: ${nodes.join(', ')}`]),
  );
}

/** A Perl program that keeps a directory, its first argument, from being opened for so many seconds, its second. */
export const holdDirectoryProgram = readFileSync(new URL('hold-directory.pl', import.meta.url), 'utf8');

/** Keeps a directory of a node from being opened; gives the id of the process that does. */
export async function holdDirectory(node: Node, path: string, seconds: number): Promise<string> {
  return (await onNode(node, ['perl', '-e', holdDirectoryProgram, path, String(seconds)])).trim();
}
