/** Why nodes cannot take a pod, in the scheduler's words, and how many nodes each reason holds for. */
export type Tally = Readonly<Record<string, number>>;

/**
 * What a spec expects of a tally: as a number of nodes, or as all the nodes that no number is for, where another spec
 * may be having a node for itself.
 */
export type WantedTally = Readonly<Record<string, number | 'the other nodes'>>;

/** The scheduler's reasons; it counts for every node the first of its plugins that refuses. */
export const reasons = {
  /** A bound volume belongs to other nodes. */
  volumeAffinity: "node(s) didn't match PersistentVolume's node affinity",
  /** A claim waits for its first consumer, and no volume of the node fits. */
  noVolume: "node(s) didn't find available persistent volumes to bind",
  podAffinity: "node(s) didn't match Pod's node affinity/selector",
  cordoned: 'node(s) were unschedulable',
  tainted: 'node(s) had untolerated taint(s)',
  cpu: 'Insufficient cpu',
  spread: "node(s) didn't match pod topology spread constraints",
  antiAffinity: "node(s) didn't match pod anti-affinity rules",
  withPod: "node(s) didn't match pod affinity rules",
  oncePod:
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
} as const;

/**
 * The tally in a message of FailedScheduling, such as `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were
 * unschedulable. preemption: …`. Undefined where the message counts no nodes.
 */
export function tallyOf(message: string): { nodes: number; counts: Tally } | undefined {
  const [, nodes, list = ''] = /^0\/(\d+) nodes are available: (.*?)\.(?:$| )/.exec(message) ?? [];
  const counts = list.split(', ').map((item) => /^(\d+) (.+)$/.exec(item));
  if (nodes === undefined || counts.some((count) => count === null)) return undefined;
  return {
    nodes: Number(nodes),
    counts: Object.fromEntries(counts.map((count) => [count?.[2] ?? '', Number(count?.[1])])),
  };
}

/** Whether a message's tally is exactly this one: every reason with its number of nodes, and no other reason. */
export function tells(message: string, wanted: WantedTally): boolean {
  const tally = tallyOf(message);
  if (!tally) return false;
  const { nodes, counts } = tally;
  const numbered = Object.values(wanted).reduce<number>(
    (sum, count) => sum + (typeof count === 'number' ? count : 0),
    0,
  );
  const same = Object.entries(wanted).every(
    ([reason, count]) => counts[reason] === (count === 'the other nodes' ? nodes - numbered : count),
  );
  return same && Object.keys(counts).length === Object.keys(wanted).length;
}
