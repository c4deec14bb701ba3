import pRetry from 'p-retry';
import type { ClusterClient } from '../../clusters/api/client.ts';
import type { ObjectStore } from '../../clusters/api/object-store.ts';
import type { Pod } from '../../clusters/api/objects.ts';
import { ApiUnreachable } from '../../clusters/api/refusal.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { awaitNothingLeft } from '../../clusters/nodes/leftovers.ts';
import { ownedKinds, ownershipLabels } from '../../fixtures/isolate-names.ts';
import { currentSpec, waitLimit } from '../runner/current-spec.ts';
import { infrastructure, type TestCluster } from '../runner/test-cluster.ts';
import { Handle } from './handles.ts';

/** What is a spec's in its namespace: all, or what has its labels, where others have objects in it too. */
export interface OwnPart {
  namespace: string;
  labels?: Readonly<Record<string, string>>;
}

/**
 * Removes the objects of a spec and what controllers have made for it in its namespace, waits until they are gone, and
 * proves that nothing of them is left on the nodes.
 * @throws ApiUnreachable at once; otherwise the first error, after everything that could be removed is
 */
export async function removeAll(cluster: TestCluster, part: OwnPart, handles: readonly Handle[]): Promise<void> {
  const { client, store } = cluster;
  const failures: unknown[] = [];
  const attempt = async (work: () => Promise<unknown>) => {
    await work().catch((error: unknown) => {
      // Without an answer nobody knows what is removed, and each wait for an object to be gone would be in vain.
      if (error instanceof ApiUnreachable) throw error;
      failures.push(error);
    });
  };
  const remove = (handle: Handle) => attempt(() => askForRemoval(client, handle));
  const order = (handle: Handle) => ownedKinds.indexOf(handle.ref.kind as (typeof ownedKinds)[number]);
  // All at once: finalizers keep a claim until its pod is gone, and a volume until its claim is.
  const going = handles.toSorted((a, b) => order(a) - order(b));
  for (const handle of going) if (store.get(handle.ref)) await remove(handle);
  // A volume stays while it is bound to a claim that only a StatefulSet knows.
  for (const handle of strays(cluster, part, handles)) if (handle.ref.kind !== 'PersistentVolume') await remove(handle);
  for (const handle of going) await attempt(() => gone(store, handle));
  const left = strays(cluster, part, handles);
  for (const handle of left) await remove(handle);
  for (const handle of left) await attempt(() => gone(store, handle));
  await attempt(() => assertNothingLeft(cluster, [...going, ...left]));
  if (failures.length > 0) throw failures[0];
}

/** Asks the API server to remove an object, and asks again while it gives no answer, at most for two minutes. */
async function askForRemoval(client: ClusterClient, handle: Handle): Promise<void> {
  await pRetry(() => client.remove(handle.ref, { absentIsFine: true }), {
    retries: Number.POSITIVE_INFINITY,
    maxRetryTime: waitLimit(120_000),
    minTimeout: 50,
    maxTimeout: 2_000,
    factor: 2,
    shouldRetry: ({ error }) => error instanceof ApiUnreachable,
    onFailedAttempt: ({ error, attemptNumber }) =>
      infrastructure.retried(`removing ${handle}`, attemptNumber, error.message),
  });
}

/** Waits until an object is gone. */
export async function gone(store: ObjectStore, handle: Handle): Promise<void> {
  await waitFor(store, {
    what: `${handle} to be gone`,
    on: [handle.ref],
    within: waitLimit(120_000),
    until: (view) => view.get(handle.ref) === undefined,
  });
}

/**
 * Looks at every node where one of the pods was and on which commands can be run; the others are not looked at.
 * @throws LeftBehind where it has a mount, a loop device or a directory of kubelet left of the pods and volumes
 */
async function assertNothingLeft({ store, nodes: reachable }: TestCluster, handles: readonly Handle[]): Promise<void> {
  const seen = handles.flatMap(({ ref }) => store.history(ref).map(({ object }) => ({ kind: ref.kind, object })));
  const nodes = new Set<string>();
  const words = new Set<string>();
  for (const { kind, object } of seen) {
    if (kind === 'PersistentVolume') words.add(object.metadata.name);
    if (kind !== 'Pod') continue;
    words.add(object.metadata.uid);
    const { nodeName } = (object as Pod).spec ?? {};
    if (nodeName) nodes.add(nodeName);
  }
  const looked = reachable.filter(({ name }) => nodes.has(name));
  await Promise.all(looked.map((node) => awaitNothingLeft(node, [...words], waitLimit(90_000))));
}

/**
 * Returns what controllers have made for the running spec beyond `known`: pods and claims of its namespace, and volumes
 * that a static provisioner has offered with the spec's labels.
 */
function strays({ store, facts }: TestCluster, part: OwnPart, known: readonly Handle[]): Handle[] {
  const names = new Set(known.map(String));
  const inNamespace = (['Pod', 'PersistentVolumeClaim'] as const).flatMap((kind) =>
    store.list(kind, part).map(({ metadata: { name } }) => ({ kind, name, namespace: part.namespace })),
  );
  const offered = store.list('PersistentVolume', {
    labels: { [ownershipLabels.run]: facts.run, [ownershipLabels.spec]: currentSpec().id },
    where: ({ metadata }) => metadata.annotations?.['pv.kubernetes.io/provisioned-by'] !== undefined,
  });
  const refs = [
    ...inNamespace,
    ...offered.map(({ metadata: { name } }) => ({ kind: 'PersistentVolume' as const, name })),
  ];
  return refs
    .map((ref) => new Handle(ref, ref.name, store) as unknown as Handle)
    .filter((handle) => !names.has(String(handle)));
}
