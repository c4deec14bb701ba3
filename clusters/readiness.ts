import type { ClusterClient } from './api/client.ts';
import type { StoreView } from './api/object-history.ts';
import { isReady } from './api/object-state.ts';
import { ObjectStore } from './api/object-store.ts';
import type { Node as NodeObject } from './api/objects.ts';
import { waitFor } from './api/wait.ts';
import { DomainError } from './errors/domain-error.ts';
import type { Progress } from './text/progress.ts';

/** A node of a ready cluster and its container. */
export interface ReadyNode {
  name: string;
  container: string;
  object: NodeObject;
}

/** What is expected of a node: its name and the labels of the configuration. */
export interface ExpectedNode {
  name: string;
  labels: Readonly<Record<string, string>>;
}

/**
 * Waits until every node is Ready and schedulable with its labels, and the default ServiceAccount exists. Without it no
 * pod is admitted. kind's own `--wait` checks only the control plane, and succeeds when it times out.
 * @throws WaitTimedOut with the conditions, taints and events of the nodes
 */
export async function awaitReadiness(
  client: ClusterClient,
  expected: readonly ExpectedNode[],
  options: { within: number; progress: Progress; signal?: AbortSignal | undefined },
): Promise<ReadyNode[]> {
  await using store = new ObjectStore({
    client,
    kinds: ['Node', 'ServiceAccount', 'Event'],
    progress: options.progress,
  });
  await store.start(options.signal === undefined ? {} : { signal: options.signal });
  const nodes = await waitFor(store, {
    what: `nodes ${expected.map(({ name }) => name).join(', ')} to be Ready`,
    on: expected.map(({ name }) => ({ kind: 'Node', name })),
    within: options.within,
    signal: options.signal,
    explain: describeNodes,
    until: (view) => {
      const ready = expected
        .map(({ name }) => view.get({ kind: 'Node', name }))
        .filter((node) => node !== undefined && isUsable(node));
      return ready.length === expected.length ? (ready as NodeObject[]) : undefined;
    },
  });
  await waitFor(store, {
    what: 'the default ServiceAccount',
    on: [{ kind: 'ServiceAccount', namespace: 'default', name: 'default' }],
    within: options.within,
    signal: options.signal,
    until: (view) => view.get({ kind: 'ServiceAccount', namespace: 'default', name: 'default' }),
  });
  for (const { name, labels } of expected) assertLabels(nodes, name, labels);
  return nodes.map((object) => ({ name: object.metadata.name, container: containerOf(object), object }));
}

/**
 * Deletes the tokens with which nodes join, once all have joined. kind uses the same token in every
 * cluster, and every user of this machine can reach the API server at a node's address.
 */
export async function removeBootstrapTokens(client: ClusterClient, signal?: AbortSignal): Promise<void> {
  const tokens = { namespace: 'kube-system', fieldSelector: 'type=bootstrap.kubernetes.io/token' };
  const { items } = await client.list('Secret', { ...tokens, ...(signal && { signal }) });
  for (const { metadata } of items)
    await client.remove({ kind: 'Secret', namespace: 'kube-system', name: metadata.name }, { absentIsFine: true });
}

function isUsable(node: NodeObject): boolean {
  // The taint of a node that was not ready disappears a moment after the condition.
  return (
    isReady(node) && !(node.spec?.taints ?? []).some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute')
  );
}

function assertLabels(nodes: readonly NodeObject[], name: string, wanted: Readonly<Record<string, string>>): void {
  const found = nodes.find(({ metadata }) => metadata.name === name)?.metadata.labels ?? {};
  const wrong = Object.entries({ ...wanted, 'kubernetes.io/hostname': name }).filter(
    ([label, value]) => found[label] !== value,
  );
  if (wrong.length === 0) return;
  throw new DomainError({
    attempted: 'checking the labels of the nodes',
    on: `Node ${name}`,
    seen: wrong.map(([label, value]) => `${label} is ${found[label] ?? 'missing'}, wanted ${value}`).join('\n'),
    why: 'node affinity of the PersistentVolumes is written for these labels',
    remedy: 'compare clusters/three-node.yaml with what the node image makes of it',
  });
}

/** Returns the container of a node, from the provider id that kind writes: `kind://docker/<cluster>/<container>`. */
function containerOf(node: NodeObject): string {
  const container = /^kind:\/\/[^/]+\/[^/]+\/(.+)$/.exec(node.spec?.providerID ?? '')?.[1];
  if (container) return container;
  throw new DomainError({
    attempted: 'finding the container of a node',
    on: `Node ${node.metadata.name}`,
    seen: `its provider id is ${node.spec?.providerID ?? 'absent'}`,
    why: 'disks are made inside the container, and mounts are read there',
  });
}

/**
 * Returns why nodes are not ready: each node's conditions that are not as they should be, its taints, and its last
 * events.
 */
function describeNodes(store: StoreView): string {
  const nodes = store.list('Node');
  if (nodes.length === 0) return 'no node has registered: kubelet does not run on any of them, see the logs';
  return nodes
    .map((node) => {
      const conditions = (node.status?.conditions ?? [])
        .filter(({ type, status }) => status !== (type === 'Ready' ? 'True' : 'False'))
        .map(({ type, status, reason, message }) => `  ${type}=${status} ${reason ?? ''}: ${message ?? ''}`);
      const taints = (node.spec?.taints ?? []).map(({ key, effect }) => `  taint ${key}:${effect}`);
      const events = store.eventsOf({ kind: 'Node', name: node.metadata.name }).slice(-3);
      const lines = events.map(({ reason, message }) => `  event ${reason}: ${message}`);
      return [`${node.metadata.name}:`, ...conditions, ...taints, ...lines].join('\n');
    })
    .join('\n');
}
