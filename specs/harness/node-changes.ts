import type { ObjectRef } from '../../clusters/api/kinds.ts';
import type { StoreView } from '../../clusters/api/object-history.ts';
import type { Node } from '../../clusters/api/objects.ts';
import { ApiRefusal } from '../../clusters/api/refusal.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { despiteLostRace } from '../../clusters/nodes/lost-race.ts';
import { infrastructure, testCluster } from '../runner/test-cluster.ts';
import { absentPath, scheduledTo } from './binding.ts';
import type { SpecNamespace } from './spec-namespace.ts';

/** A taint that keeps pods from a node, or evicts them. */
export interface Taint {
  key: string;
  value?: string;
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** Milliseconds until a change to a Node is seen. */
const patience = 90_000;

/** The taint that the node lifecycle controller gives to a node while it is cordoned. */
const cordonTaint = 'node.kubernetes.io/unschedulable';

// Each of these changes a Node object until its handle is disposed of; only a spec that has that node exclusively may
// hold one.

/** A change of a node, which is undone when this is disposed of. */
interface NodeChange extends AsyncDisposable {
  ref: ObjectRef<'Node'>;
}

/** Sets labels of a node; at its end each of them is as before. */
export async function labelledNode(name: string, labels: Readonly<Record<string, string>>): Promise<NodeChange> {
  const { client, store } = await testCluster();
  const ref = { kind: 'Node', name } as const;
  const before = (await client.read(ref)).metadata.labels ?? {};
  const former = Object.fromEntries(Object.keys(labels).map((key) => [key, before[key] ?? null]));
  const make = async (wanted: Readonly<Record<string, string | null>>): Promise<void> => {
    await client.patch(ref, { type: 'merge', change: { metadata: { labels: wanted } } });
    await seen(store, name, `the labels ${Object.keys(labels).join(', ')} as wanted`, ({ metadata }) =>
      Object.entries(wanted).every(([key, value]) => (metadata.labels?.[key] ?? null) === value),
    );
  };
  return await undoable(
    name,
    () => make(labels),
    () => make(former),
  );
}

/** Cordons a node, as `kubectl cordon` does; at its end the node has neither the cordon nor its taint. */
export async function cordonedNode(name: string): Promise<NodeChange> {
  const { client, store } = await testCluster();
  const make = async (unschedulable: boolean): Promise<void> => {
    await client.patch({ kind: 'Node', name }, { type: 'merge', change: { spec: { unschedulable } } });
    const what = unschedulable ? 'its cordon and the taint of it' : 'neither cordon nor the taint of it';
    await seen(
      store,
      name,
      what,
      ({ spec }) =>
        (spec?.unschedulable ?? false) === unschedulable &&
        (spec?.taints ?? []).some(({ key }) => key === cordonTaint) === unschedulable,
    );
  };
  return await undoable(
    name,
    () => make(true),
    () => make(false),
  );
}

/** Taints a node; at its end that taint is gone, and the others are as before. */
export async function taintedNode(name: string, taint: Taint): Promise<NodeChange> {
  const { client, store } = await testCluster();
  const ref = { kind: 'Node', name } as const;
  const ours = (one: { key?: string; effect?: string }) => one.key === taint.key && one.effect === taint.effect;
  const make = async (present: boolean): Promise<void> => {
    // The whole list is replaced. With the version that was read, the API refuses it after a change by another client.
    const replace = async (): Promise<void> => {
      const { metadata, spec } = await client.read(ref);
      const others = (spec?.taints ?? []).filter((one) => !ours(one));
      const { resourceVersion } = metadata;
      const taints = present ? [...others, taint] : others;
      await client.patch(ref, { type: 'merge', change: { metadata: { resourceVersion }, spec: { taints } } });
    };
    await despiteLostRace(replace, {
      what: `changing the taints of ${name}`,
      lost: (error) => error instanceof ApiRefusal && error.status === 409,
      progress: infrastructure,
    });
    await seen(
      store,
      name,
      `${present ? 'the' : 'no'} taint ${taint.key}`,
      (node) => (node.spec?.taints ?? []).some(ours) === present,
    );
  };
  return await undoable(
    name,
    () => make(true),
    () => make(false),
  );
}

/**
 * Waits until the scheduler knows a node as it is now. It watches nodes and pods separately: a pod that is created just
 * after a change of a node may be scheduled by the node's former state. It receives a node's changes in order, so the
 * proof is a pod that only a later change admits to the node; it tolerates everything, and never starts.
 */
export async function knownToScheduler(namespace: SpecNamespace, name: string): Promise<void> {
  const mark = { [`local-pv-conformance/${namespace.name}`]: 'known' };
  await using _marked = await labelledNode(name, mark);
  const pod = await namespace.pod(`knows-${name}`, {
    hostPath: absentPath,
    spec: { nodeSelector: mark, tolerations: [{ operator: 'Exists' }] },
  });
  await scheduledTo(pod, name);
  await namespace.cluster.client.remove(pod.ref);
}

/** Makes a change, and undoes it where it fails; returns it with its undo. */
async function undoable(name: string, change: () => Promise<void>, undo: () => Promise<void>): Promise<NodeChange> {
  try {
    await change();
  } catch (error) {
    await undo();
    throw error;
  }
  return { ref: { kind: 'Node', name }, [Symbol.asyncDispose]: undo };
}

/** Waits until the API shows the change. The scheduler has a watch of its own: `knownToScheduler` waits for that. */
async function seen(
  store: Parameters<typeof waitFor>[0],
  name: string,
  what: string,
  is: (node: Node) => boolean,
): Promise<void> {
  const ref = { kind: 'Node', name } as const;
  await waitFor(store, {
    what: `Node ${name} to have ${what}`,
    on: [ref],
    within: patience,
    until: (view: StoreView) => {
      const node = view.get(ref);
      return node !== undefined && is(node);
    },
  });
}
