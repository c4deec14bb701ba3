import { readFileSync } from 'node:fs';
import { type Node, nodeScript, onNode, scriptOnNode } from './node.ts';

const lackingScript = nodeScript(import.meta.url, 'lacking.sh');

/**
 * Returns the features that the nodes of a cluster lack, each with the reason and the nodes: `{"xfs": "mkfs.xfs is not
 * there: node2, node3"}`. A cluster lacks what one of its nodes lacks, because specs choose their nodes.
 */
export async function lackingFeatures(
  nodes: readonly Node[],
  signal?: AbortSignal | undefined,
): Promise<Record<string, string>> {
  const outputs = await Promise.all(
    nodes.map(async (node) => ({
      node: node.name,
      lines: await scriptOnNode(node, lackingScript, [holdDirectoryProgram], { signal }),
    })),
  );
  return lackingOf(outputs);
}

/** Returns the same from the output of lacking.sh on each node. Pure. */
export function lackingOf(outputs: readonly { node: string; lines: string }[]): Record<string, string> {
  const lacking: Record<string, { reason: string; nodes: string[] }> = {};
  for (const { node, lines } of outputs) {
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

/** A Perl program that blocks opening a directory (its first argument) for a number of seconds (its second). */
const holdDirectoryProgram = readFileSync(new URL('hold-directory.pl', import.meta.url), 'utf8');

/** Blocks opening a directory of a node for some seconds. Returns the id of the process that blocks it. */
export async function holdDirectory(node: Node, path: string, seconds: number): Promise<string> {
  return (await onNode(node, ['perl', '-e', holdDirectoryProgram, path, String(seconds)])).trim();
}
