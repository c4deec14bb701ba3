import type { OtherNode } from '../runner/test-cluster.ts';

/** The number of nodes that each of the scheduler's reasons is for. */
export type ReasonCounts = Readonly<Record<string, number>>;

/** All the nodes that no number is for: how many there are, the scheduler says. */
type Rest = 'the other nodes' | 'every node';

/**
 * The reasons that a spec expects, each for a number of nodes; or, where another spec may have a node exclusively, for
 * the rest.
 */
export type WantedReasons = Readonly<Record<string, number | Rest>>;

/** Reasons of the scheduler, which counts for every node the first of its plugins that rejects it. */
export const reasons = {
  /** A bound volume belongs to other nodes. */
  volumeAffinity: "node(s) didn't match PersistentVolume's node affinity",
  /** A claim waits for its first consumer, and no volume of the node fits. */
  noVolume: "node(s) didn't find available persistent volumes to bind",
  /** A label of a bound volume names another zone. */
  volumeZone: 'node(s) had no available volume zone',
  podAffinity: "node(s) didn't match Pod's node affinity/selector",
  cordoned: 'node(s) were unschedulable',
  tainted: 'node(s) had untolerated taint(s)',
  cpu: 'Insufficient cpu',
  ports: "node(s) didn't have free ports for the requested pod ports",
  spread: "node(s) didn't match pod topology spread constraints",
  antiAffinity: "node(s) didn't match pod anti-affinity rules",
  withPod: "node(s) didn't match pod affinity rules",
  oncePod:
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
} as const;

/**
 * Returns the reasons that a spec expects, and those for the nodes of the cluster that specs do not use: its pods may not
 * run there, and the scheduler counts these nodes as well.
 */
export function withOtherNodes(wanted: WantedReasons, others: readonly OtherNode[]): WantedReasons {
  const all: Record<string, number | Rest> = { ...wanted };
  for (const { refusal } of others) {
    const count = all[reasons[refusal]] ?? 0;
    if (typeof count === 'number') all[reasons[refusal]] = count + 1;
  }
  return all;
}

/**
 * Returns the reasons in a message of FailedScheduling, such as `0/3 nodes are available: 1 Insufficient cpu, 2 node(s)
 * were unschedulable. preemption: …`; undefined where the message counts no nodes.
 */
export function unschedulableReasons(message: string): { nodes: number; counts: ReasonCounts } | undefined {
  const [, nodes, list = ''] = /^0\/(\d+) nodes are available: (.*?)\.(?:$| )/.exec(message) ?? [];
  const counts = list.split(', ').map((item) => /^(\d+) (.+)$/.exec(item));
  if (nodes === undefined || counts.some((count) => count === null)) return undefined;
  return {
    nodes: Number(nodes),
    counts: Object.fromEntries(counts.map((count) => [count?.[2] ?? '', Number(count?.[1])])),
  };
}

/** Returns whether a message has exactly these reasons: each with its number of nodes, and no other. */
export function matches(message: string, wanted: WantedReasons): boolean {
  const found = unschedulableReasons(message);
  if (!found) return false;
  const { nodes, counts } = found;
  const numbered = Object.values(wanted).reduce<number>(
    (sum, count) => sum + (typeof count === 'number' ? count : 0),
    0,
  );
  const expected = Object.entries(wanted).map(
    ([reason, count]) => [reason, typeof count === 'number' ? count : nodes - numbered] as const,
  );
  // A cluster of one node has no other nodes, and the message does not name what it counts none of.
  const named = expected.filter(([, count]) => count !== 0);
  return named.every(([reason, count]) => counts[reason] === count) && Object.keys(counts).length === named.length;
}
