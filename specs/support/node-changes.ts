import type { StoreView } from '../../clusters/api/object-history.ts';
import type { Node } from '../../clusters/api/objects.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { world } from './world.ts';

/** A taint that keeps pods from a node, or drives them off it. */
export interface Taint {
  key: string;
  value?: string;
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** Milliseconds until a change to a Node is seen. */
const patience = 30_000;

/** The taint that the node lifecycle controller gives to a node while it is cordoned. */
const cordonTaint = 'node.kubernetes.io/unschedulable';

// Each of these changes a Node object until its handle is disposed of; only a spec that has that node for itself may
// hold one.

/** Gives a node labels, or other values to those it has; at its end every label is what it was. */
export async function labelledNode(name: string, labels: Readonly<Record<string, string>>): Promise<AsyncDisposable> {
  const { client, store } = await world();
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
    () => make(labels),
    () => make(former),
  );
}

/** Cordons a node, as `kubectl cordon` does; at its end the node takes pods again, and has lost the cordon's taint. */
export async function cordonedNode(name: string): Promise<AsyncDisposable> {
  const { client, store } = await world();
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
    () => make(true),
    () => make(false),
  );
}

/** Taints a node; at its end that taint is gone, and others are as they were. */
export async function taintedNode(name: string, taint: Taint): Promise<AsyncDisposable> {
  const { client, store } = await world();
  const ref = { kind: 'Node', name } as const;
  const ours = (one: { key?: string; effect?: string }) => one.key === taint.key && one.effect === taint.effect;
  const make = async (present: boolean): Promise<void> => {
    const { metadata, spec } = await client.read(ref);
    const others = (spec?.taints ?? []).filter((one) => !ours(one));
    // The list is replaced whole: with the version that was read, another's change in between is a refusal, not lost.
    const { resourceVersion } = metadata;
    const taints = present ? [...others, taint] : others;
    await client.patch(ref, { type: 'merge', change: { metadata: { resourceVersion }, spec: { taints } } });
    await seen(
      store,
      name,
      `${present ? 'the' : 'no'} taint ${taint.key}`,
      (node) => (node.spec?.taints ?? []).some(ours) === present,
    );
  };
  return await undoable(
    () => make(true),
    () => make(false),
  );
}

/** Makes a change; a change that fails half way is undone, too. */
async function undoable(change: () => Promise<void>, undo: () => Promise<void>): Promise<AsyncDisposable> {
  try {
    await change();
  } catch (error) {
    await undo();
    throw error;
  }
  return { [Symbol.asyncDispose]: undo };
}

/** What is seen here has been sent to the scheduler, too: a pod made from now on meets the node as it is. */
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
