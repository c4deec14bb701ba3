import type { ObjectRef } from '../../clusters/api/kinds.ts';
import type { StoreView } from '../../clusters/api/object-history.ts';
import type { Pod } from '../../clusters/api/objects.ts';
import type { ManifestOf } from '../../fixtures/schema.ts';
import { assignedNode, currentSpec } from '../runner/current-spec.ts';
import { contradiction, eventually } from './eventually.ts';
import type { ClaimHandle, Handle, PodHandle, VolumeHandle } from './handles.ts';
import { firstNode, hostnameOf } from './nodes.ts';
import type { SpecNamespace } from './spec-namespace.ts';
import { reasons } from './unschedulable-reasons.ts';

/** Messages of the scheduler and the PersistentVolume controller about claims that are not bound. */
export const messages = {
  /** A claim waits for its consumer, and this many nodes have no volume for it. */
  noVolumeFits: (nodes: number) => `${nodes} ${reasons.noVolume}`,
  /** A claim is bound, and the node affinity of its volume excludes this many nodes. */
  outsideVolume: (nodes: number) => `${nodes} ${reasons.volumeAffinity}`,
  unboundImmediate: 'pod has unbound immediate PersistentVolumeClaims',
  noProvisioner: 'no volume plugin matched name: kubernetes.io/no-provisioner',
  waitsForConsumer: 'waiting for first consumer to be created before binding',
} as const;

/** A path that no node has: for volumes that no pod mounts. */
export const absentPath = '/mnt/disks/not-there';

/** Returns the assigned node and a path that it does not have, for a volume that no pod mounts. */
export function absentDisk(): { node: string; path: string } {
  return { node: assignedNode(), path: absentPath };
}

/** Waits until the pod is scheduled to this node; it need not start there. Another node ends the wait at once. */
export async function scheduledTo(pod: PodHandle, node: string): Promise<void> {
  await eventually(pod, `${pod} to be scheduled to ${node}`, (store) => {
    const place = store.get(pod.ref)?.spec?.nodeName;
    if (place && place !== node) throw contradiction(pod, `${pod} was scheduled to ${place}, not to ${node}`);
    return place === node;
  });
}

/**
 * Makes the controller look at a claim or a volume again, by changing an annotation. Without a change it looks again only
 * in its next round, up to 15 s later.
 */
export async function triggerResync(namespace: SpecNamespace, object: ClaimHandle | VolumeHandle): Promise<void> {
  const change = { metadata: { annotations: { 'local-pv-conformance/look-again': String(resyncs++) } } };
  await namespace.cluster.client.patch(object.ref, { type: 'merge', change });
}

let resyncs = 0;

/**
 * Waits until the PersistentVolume controller has looked at claims and volumes again. Each is changed, and so queued. The
 * controller takes one object of a kind after another: once it has bound a witness, a volume and a claim made later, it
 * has looked at all of them. What it has not done to them by then, it does not do.
 */
export async function controllerLookedAgain(
  namespace: SpecNamespace,
  ...objects: readonly (ClaimHandle | VolumeHandle)[]
): Promise<{ volume: VolumeHandle; claim: ClaimHandle }> {
  for (const object of objects) await triggerResync(namespace, object);
  // The witness has a class of its own, so that no claim of the spec takes its volume.
  const spec = { storageClassName: 'witness' };
  const node = currentSpec().nodes?.at(-1) ?? firstNode();
  return await namespace.boundVolume(`witness-${resyncs++}`, {
    node,
    path: absentPath,
    volume: { spec },
    claim: { spec },
  });
}

/**
 * Waits until the scheduler knows claims and volumes as they are after the controller has looked at them again. It
 * receives the changes of a kind in order: once it has scheduled a pod of the witness, it knows all earlier ones.
 */
export async function schedulerLookedAgain(
  namespace: SpecNamespace,
  ...objects: readonly (ClaimHandle | VolumeHandle)[]
): Promise<void> {
  const { claim } = await controllerLookedAgain(namespace, ...objects);
  await scheduledNode(await namespace.pod(claim.name, { claims: [claim] }));
  await namespace.cluster.store.confirm({ signal: namespace.signal });
}

/** Returns the phases that a volume or a claim was seen in, in order, without repetitions in a row. */
export function phasesOf(object: Handle<'PersistentVolume' | 'PersistentVolumeClaim'>): string[] {
  return object.store
    .history(object.ref as ObjectRef<'PersistentVolume'>)
    .map((seen) => seen.object.status?.phase ?? '')
    .filter((phase, index, all) => phase !== '' && phase !== all[index - 1]);
}

/** Removes the claimRef of a Released volume, as an administrator does who has cleaned the disk. */
export async function clearClaimRef(namespace: SpecNamespace, volume: VolumeHandle): Promise<void> {
  await namespace.cluster.client.patch(volume.ref, {
    type: 'json',
    operations: [{ op: 'remove', path: '/spec/claimRef' }],
  });
}

/** Returns the conditions of a type that a pod was seen with, in order, also those that held for a moment only. */
export function conditionsSeen(store: StoreView, pod: PodHandle, type: string): PodCondition[] {
  const all = store.history(pod.ref).flatMap(({ object }) => object.status?.conditions ?? []);
  return all.filter((condition) => condition.type === type);
}

/** Waits until the pod is scheduled; returns the node. */
export function scheduledNode(pod: PodHandle): Promise<string> {
  return eventually(pod, `${pod} to be scheduled`, (store) => store.get(pod.ref)?.spec?.nodeName);
}

/** Makes a pod require a node with, or without, other pods that have these labels. */
export function requirePods(
  spec: ManifestOf<'Pod'>['spec'],
  how: 'podAffinity' | 'podAntiAffinity',
  matchLabels: Record<string, string>,
): void {
  const term = { labelSelector: { matchLabels }, topologyKey: 'kubernetes.io/hostname' };
  spec.affinity = { ...spec.affinity, [how]: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
}

/** Makes the scheduler prefer a node for a pod: this weighs far more than the sizes of volumes. */
export function preferNode(spec: ManifestOf<'Pod'>['spec'], node: string): void {
  const hostname = { key: 'kubernetes.io/hostname', operator: 'In' as const, values: [hostnameOf(node)] };
  const preference = { matchExpressions: [hostname] };
  const preferredDuringSchedulingIgnoredDuringExecution = [{ weight: 100, preference }];
  spec.affinity = { ...spec.affinity, nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution } };
}

type PodCondition = NonNullable<NonNullable<Pod['status']>['conditions']>[number];
