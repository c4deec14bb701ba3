import { isReady } from '../../clusters/api/object-state.ts';
import type { Pod } from '../../clusters/api/objects.ts';
import { onNode } from '../../clusters/nodes/node.ts';
import type { ManifestOf } from '../../fixtures/schema.ts';
import {
  type ClaimHandle,
  type DiskVolume,
  eventually,
  type Handle,
  manifests,
  nodeWithHostname,
  type PodHandle,
  runInPod,
  type SpecNamespace,
  type StoreView,
  together,
  type VolumeHandle,
} from '../harness/index.ts';

export type SetHandle = Handle<'StatefulSet'>;

/** The name of the set, and the label `app` of its pods. */
export const setName = 'local-set';

/** Milliseconds for several pods, one after the other, on a machine that does other things as well. */
const patience = 120_000;

/** A set's pod, and what its claims are bound to. */
export interface Placement {
  pod: string;
  node: string;
  volumes: { claim: string; volume: string; node: string; path: string }[];
}

/** Makes a set with so many claims for each pod, mounted at `/data`, `/data-2` and so on. */
export function localSet(
  namespace: SpecNamespace,
  { replicas, claims = 1 }: { replicas: number; claims?: number },
  change: (spec: ManifestOf<'StatefulSet'>['spec']) => void = () => {},
): Promise<SetHandle> {
  return namespace.apply('StatefulSet', manifests.statefulSet, ({ spec }) => {
    spec.replicas = replicas;
    const names = claimTemplates(claims);
    const [template] = spec.volumeClaimTemplates ?? [];
    if (!template) throw new Error(`fixtures/${manifests.statefulSet} has no volumeClaimTemplates`);
    spec.volumeClaimTemplates = names.map((name) => ({ ...structuredClone(template), metadata: { name } }));
    for (const container of spec.template.spec.containers)
      container.volumeMounts = names.map((name) => ({ name, mountPath: `/${name}` }));
    change(spec);
  });
}

function claimTemplates(count: number): string[] {
  return Array.from({ length: count }, (_, index) => (index === 0 ? 'data' : `data-${index + 1}`));
}

/** Offers so many directories of a leased disk as volumes, each with its name as its last part; returns the volumes. */
export async function offerDirectories(
  namespace: SpecNamespace,
  disk: DiskVolume,
  count: number,
): Promise<VolumeHandle[]> {
  const paths = Array.from({ length: count }, (_, index) => `${disk.path}/${index}`);
  await onNode(namespace.cluster.node(disk.node), ['mkdir', ...paths]);
  return await together(
    paths.map((path, index) => namespace.volume(`${disk.node}-${index}`, { node: disk.node, path })),
  );
}

/**
 * Waits until the controller has seen the set as it is, and exactly so many of its pods are there and Ready: by the set's
 * status, and by the pods themselves, because the status lags behind a pod that was just deleted or replaced.
 */
export async function ready(set: SetHandle, pods: number): Promise<void> {
  await eventually(
    set as unknown as Handle,
    `${set} to have ${pods} pods, all of them Ready`,
    (store) => {
      const now = store.get(set.ref);
      const { observedGeneration, replicas, readyReplicas = 0 } = now?.status ?? {};
      const there = podsOf(store, set);
      return (
        observedGeneration === now?.metadata.generation &&
        replicas === pods &&
        readyReplicas === pods &&
        there.length === pods &&
        there.every((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined)
      );
    },
    { within: patience },
  );
}

function podsOf(store: StoreView, { ref: { namespace, name } }: SetHandle): Pod[] {
  return store.list('Pod', { namespace, where: ({ metadata }) => metadata.name.startsWith(`${name}-`) });
}

/** Asks for another number of replicas, by the subresource that `kubectl scale` uses. */
export async function scale(namespace: SpecNamespace, set: SetHandle, replicas: number): Promise<void> {
  await namespace.cluster.client.patch(
    set.ref,
    { type: 'merge', change: { spec: { replicas } } },
    { subresource: 'scale' },
  );
}

/** Returns the handles of the pod with that ordinal and of its first claim; waits until both are there. */
export async function member(
  namespace: SpecNamespace,
  ordinal: number,
): Promise<{ pod: PodHandle; claim: ClaimHandle }> {
  const set = namespace.nameOf(setName);
  return {
    pod: await namespace.find('Pod', `${set}-${ordinal}`, patience),
    claim: await namespace.find('PersistentVolumeClaim', `data-${set}-${ordinal}`, patience),
  };
}

/**
 * Returns where the pods of the set are and what they have, by ordinal. Waits until the claims of those that have a node
 * are seen Bound: claims are watched apart from pods.
 */
export function placements(set: SetHandle): Promise<Placement[]> {
  return eventually(set as unknown as Handle, `the claims of the scheduled pods of ${set} to be Bound`, (store) => {
    const found = podsOf(store, set).map((pod) => placementOf(store, pod));
    return found.every(({ node, volumes }) => node === '' || volumes.every(({ path }) => path !== '')) && found;
  });
}

function placementOf(store: StoreView, { metadata: { name: pod, namespace }, spec }: Pod): Placement {
  // In the order of the mounts: the controller adds the volumes in any.
  const volumes = (spec?.containers[0]?.volumeMounts ?? []).flatMap((mount) => {
    const { persistentVolumeClaim } = spec?.volumes?.find(({ name }) => name === mount.name) ?? {};
    if (!persistentVolumeClaim) return [];
    const claim = persistentVolumeClaim.claimName;
    const its = store.get({ kind: 'PersistentVolumeClaim', namespace, name: claim });
    const volume = its?.status?.phase === 'Bound' ? (its.spec?.volumeName ?? '') : '';
    const of = store.get({ kind: 'PersistentVolume', name: volume })?.spec;
    const [term] = of?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
    const hostname = term?.matchExpressions?.[0]?.values?.[0] ?? '';
    return [{ claim, volume, node: nodeWithHostname(hostname), path: of?.local?.path ?? '' }];
  });
  return { pod, node: spec?.nodeName ?? '', volumes };
}

/** Has the pod write into each of its volumes who it is and which mount of it this is; adds to what is there. */
export async function sign(pod: PodHandle): Promise<void> {
  const mounts = (pod.now.spec?.containers[0]?.volumeMounts ?? []).map(({ mountPath }) => mountPath);
  const own = mounts.filter((path) => path.startsWith('/data'));
  const script = 'for mount; do echo "$HOSTNAME $mount" >>"$mount/signed" && sync "$mount/signed" || exit 1; done';
  await runInPod(pod, ['sh', '-c', script, 'sh', ...own]);
}

/** Returns what pods have signed in volumes, read from the disks on their nodes: path → lines. */
export async function signatures(
  namespace: SpecNamespace,
  volumes: readonly { node: string; path: string }[],
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const node of new Set(volumes.map((volume) => volume.node))) {
    const paths = volumes.filter((volume) => volume.node === node).map(({ path }) => path);
    const said = await onNode(namespace.cluster.node(node), [
      'grep',
      '-H',
      '',
      ...paths.map((path) => `${path}/signed`),
    ]);
    for (const path of paths) {
      const prefix = `${path}/signed:`;
      found[path] = said
        .split('\n')
        .filter((line) => line.startsWith(prefix))
        .map((line) => line.slice(prefix.length));
    }
  }
  return found;
}

/** Waits until another object stands under the name of one that was deleted: the controller has made a new one. */
export async function replaced(
  handle: Handle<'Pod'> | Handle<'PersistentVolumeClaim'>,
  remove: () => Promise<unknown>,
): Promise<void> {
  const { uid } = handle.now.metadata;
  await remove();
  const here = handle as unknown as Handle;
  await eventually(
    here,
    `${handle} to be created again`,
    (store) => {
      const now = store.get(here.ref);
      return now !== undefined && now.metadata.uid !== uid;
    },
    { within: patience },
  );
}

/** Returns whether the pod with one ordinal was seen before that with another was seen Ready. */
export function madeBeforeReady(namespace: SpecNamespace, ordinal: number, other: number): boolean {
  const history = (of: number) =>
    namespace.cluster.store.history({
      kind: 'Pod',
      namespace: namespace.name,
      name: `${namespace.nameOf(setName)}-${of}`,
    });
  const made = history(ordinal)[0]?.monotonic;
  const ready = history(other).find(({ object }) => isReady(object))?.monotonic;
  if (made === undefined || ready === undefined) throw new Error('both pods have been seen, and the other Ready');
  return made < ready;
}
