import type { Listed } from '../../clusters/api/changes.ts';
import type { ClusterClient } from '../../clusters/api/client.ts';
import { kwokNode, playedNodes } from '../../clusters/kwok/kwok.ts';
import type { Progress } from '../../clusters/text/progress.ts';
import { inLanes } from './arrivals.ts';
import { Watches } from './watches.ts';

/** What is kept of a node. */
interface StormNode extends Listed {
  spec?: { taints?: { key: string }[] };
  status?: { conditions?: { type: string; status: string }[] };
}

/** Returns the names of the first `count` nodes that kwok plays. */
export function playedNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `kwok-${String(index + 1).padStart(4, '0')}`);
}

/** Waits until the cluster has exactly so many nodes that kwok plays, all of them Ready. */
export async function providePlayedNodes(
  client: ClusterClient,
  count: number,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<void> {
  const nodes = new Map<string, StormNode>();
  await using watches = new Watches(client);
  watches.follow<StormNode>('Node', {
    labelSelector: playedNodes,
    keep: ({ metadata, spec, status }) => ({
      metadata,
      spec: { taints: spec?.taints ?? [] },
      status: { conditions: status?.conditions?.filter(({ type }) => type === 'Ready') ?? [] },
    }),
    changed: ({ type, object }) => {
      if (type === 'DELETED') nodes.delete(object.metadata.name);
      else nodes.set(object.metadata.name, object);
    },
  });
  await watches.start(signal);
  const wanted = playedNames(count);
  const missing = wanted.filter((name) => !nodes.has(name));
  const surplus = [...nodes.keys()].filter((name) => !wanted.includes(name));
  if (missing.length > 0) progress.note(`making ${missing.length} nodes`);
  if (surplus.length > 0) progress.note(`removing ${surplus.length} nodes`);
  await inLanes(missing, (name) => client.create(kwokNode(name), { signal }));
  await inLanes(surplus, (name) => client.remove({ kind: 'Node', name }, { signal }));
  const usable = () => [...nodes.values()].filter(isUsable).length;
  await watches.reach(
    `${count} nodes that kwok plays to be Ready`,
    () => nodes.size === count && usable() === count,
    // The node controller takes the taint of each new node away, at 20 requests a second.
    { within: 120_000 + 500 * count, signal, seen: () => `${nodes.size} nodes, ${usable()} Ready` },
  );
}

function isUsable({ spec, status }: StormNode): boolean {
  const ready = status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  return ready === true && !spec?.taints?.some(({ key }) => key.startsWith('node.kubernetes.io/'));
}
