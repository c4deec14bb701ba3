import { readFileSync } from 'node:fs';
import { holdDirectoryProgram } from './hold-directory.ts';
import { type Node, type NodeScript, scriptOnNode } from './node.ts';

const lackingScript: NodeScript = {
  name: 'lacking.sh',
  text: readFileSync(new URL('lacking.sh', import.meta.url), 'utf8'),
};

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
