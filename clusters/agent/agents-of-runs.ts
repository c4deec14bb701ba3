import type { ClusterClient } from '../api/client.ts';
import { ObjectStore } from '../api/object-store.ts';
import type { ObjectOf } from '../api/objects.ts';
import { waitFor } from '../api/wait.ts';
import { type NodePlaces, usualPlaces } from '../nodes/node.ts';
import {
  agentLabel,
  agentNamespace,
  endsAfterAnnotation,
  foldersAnnotation,
  nodesAnnotation,
  runLabel,
} from './agent-pod.ts';

/** Removes the agents of a run with their namespace, and waits until it is gone. Idempotent. */
export async function removeAgents(client: ClusterClient, run: string, signal?: AbortSignal): Promise<void> {
  const name = agentNamespace(run);
  const labelSelector = selectorOf({ [runLabel]: run, ...agentLabel });
  await using store = new ObjectStore({ client, kinds: ['Namespace'], own: { kinds: ['Namespace'], labelSelector } });
  await store.start(signal === undefined ? {} : { signal });
  const found = store.get({ kind: 'Namespace', name });
  if (found === undefined) return;
  await client.remove({ kind: 'Namespace', name }, { absentIsFine: true, uid: found.metadata.uid, signal });
  await waitFor(store, {
    what: `the namespace ${name} to be gone`,
    on: [{ kind: 'Namespace', name }],
    within: 60_000,
    signal,
    until: (view) => view.get({ kind: 'Namespace', name }) === undefined,
  });
}

/** A run that has agents on the cluster: it is under way, or was killed. */
export interface RunWithAgents {
  run: string;
  /** The nodes on which it may have left something. */
  nodes: readonly string[];
  folders: Omit<NodePlaces, 'kubelet'>;
}

/**
 * Returns the runs that have agents on the cluster. What a killed one left on its nodes, `clearNode` removes through
 * agents of another run; then `removeAgents` removes its own. Agents that end by themselves are among them only when
 * their time is over: who uses them holds no Lease, and may live.
 */
export async function runsWithAgents(client: ClusterClient, signal?: AbortSignal): Promise<RunWithAgents[]> {
  const labelSelector = selectorOf(agentLabel);
  const { items } = await client.list('Namespace', { labelSelector, ...(signal && { signal }) });
  const now = items.some((each) => endOf(each) !== undefined) ? await serverTime(client, signal) : 0;
  return items.flatMap((namespace) => {
    const { labels, annotations } = namespace.metadata;
    const run = labels?.[runLabel];
    if (run === undefined || (endOf(namespace) ?? 0) > now) return [];
    const [disks = usualPlaces.disks, files = usualPlaces.files] = annotations?.[foldersAnnotation]?.split(':') ?? [];
    return [{ run, nodes: annotations?.[nodesAnnotation]?.split(',') ?? [], folders: { disks, files } }];
  });
}

/** Returns when the agents of a namespace end by themselves; undefined where they do not. */
function endOf({ metadata: { creationTimestamp, annotations } }: ObjectOf['Namespace']): number | undefined {
  const seconds = annotations?.[endsAfterAnnotation];
  return seconds === undefined ? undefined : Date.parse(creationTimestamp) + Number(seconds) * 1000;
}

/** Returns the time on the clock of the API server, by which objects are dated: what it would create now. */
async function serverTime(client: ClusterClient, signal?: AbortSignal): Promise<number> {
  const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'local-pv-conformance-time' } } as const;
  const { metadata } = await client.create(manifest, { dryRun: true, signal });
  return Date.parse(metadata.creationTimestamp);
}

/** Returns the label selector of what has all of these labels. */
export function selectorOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
