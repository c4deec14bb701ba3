import type { ObjectRef } from '../../clusters/api/kinds.ts';
import { assignedNode, currentSpec } from '../runner/current-spec.ts';
import { contradiction, eventually } from './eventually.ts';
import type { ClaimHandle, Handle, PodHandle, VolumeHandle } from './handles.ts';
import { scheduledNode } from './scheduling.ts';
import type { SpecNamespace } from './spec-namespace.ts';
import { reasons } from './unschedulable-reasons.ts';

/** What the scheduler and the PersistentVolume controller say when a claim cannot be bound. */
export const messages = {
  /** Unbound claims that wait for a consumer: no volume fits on this many nodes. */
  noVolumeFits: (nodes: number) => `${nodes} ${reasons.noVolume}`,
  /** Bound claims: this many nodes are outside the node affinity of a volume. */
  outsideVolume: (nodes: number) => `${nodes} ${reasons.volumeAffinity}`,
  /** The pod's own demands: this many nodes do not meet them. */
  outsidePod: (nodes: number) => `${nodes} ${reasons.podAffinity}`,
  unboundImmediate: 'pod has unbound immediate PersistentVolumeClaims',
  noProvisioner: 'no volume plugin matched name: kubernetes.io/no-provisioner',
  waitsForConsumer: 'waiting for first consumer to be created before binding',
} as const;

/** A path that no node has, for volumes that no pod mounts. */
export const absentPath = '/mnt/disks/not-there';

/** Returns the assigned node and a path that it does not have, for a volume that no pod mounts. */
export function absentDisk(): { node: string; path: string } {
  return { node: assignedNode(), path: absentPath };
}

/** Waits until the scheduler has put the pod on a node; whether it starts there is not looked at. */
export async function scheduledTo(pod: PodHandle, node: string): Promise<void> {
  await eventually(pod, `${pod} to be scheduled to ${node}`, (store) => {
    const place = store.get(pod.ref)?.spec?.nodeName;
    if (place && place !== node) throw contradiction(pod, `${pod} was scheduled to ${place}, not to ${node}`);
    return place === node;
  });
}

/**
 * Makes the controller look at a claim or a volume again, which it does with every change of it: without that, a claim
 * that found nothing waits for the controller's next round, up to 15 s.
 */
export async function triggerResync(namespace: SpecNamespace, object: ClaimHandle | VolumeHandle): Promise<void> {
  const change = { metadata: { annotations: { 'local-pv-conformance/look-again': String(resyncs++) } } };
  await namespace.cluster.client.patch(object.ref, { type: 'merge', change });
}

let resyncs = 0;

/**
 * Waits until the PersistentVolume controller has looked at claims and volumes again. Each is changed, and so queued; a
 * volume and a claim that are made after that, and are bound to each other, show that the controller has come past
 * them, because it takes one object of a kind after another. What it has not done to them by then, it does not do.
 */
export async function controllerLookedAgain(
  namespace: SpecNamespace,
  ...objects: readonly (ClaimHandle | VolumeHandle)[]
): Promise<{ volume: VolumeHandle; claim: ClaimHandle }> {
  for (const object of objects) await triggerResync(namespace, object);
  // A class of their own, so that no claim of the spec takes the volume.
  const spec = { storageClassName: 'witness' };
  const { node = 'node1' } = currentSpec();
  return await namespace.boundVolume(`witness-${resyncs}`, {
    node,
    path: absentPath,
    volume: { spec },
    claim: { spec },
  });
}

/**
 * Waits until the scheduler has heard of claims and volumes as they are, after the controller has looked at them again:
 * a pod of the controller's witness has a node, and the scheduler hears of changes of a kind in their order.
 */
export async function schedulerLookedAgain(
  namespace: SpecNamespace,
  ...objects: readonly (ClaimHandle | VolumeHandle)[]
): Promise<void> {
  const { claim } = await controllerLookedAgain(namespace, ...objects);
  await scheduledNode(await namespace.pod(claim.fixtureName, { claims: [claim] }));
  await namespace.cluster.store.confirm({ signal: namespace.signal });
}

/** Returns the phases that a volume or a claim was seen in, in order, each once for as long as it lasted. */
export function phasesOf(object: Handle<'PersistentVolume' | 'PersistentVolumeClaim'>): string[] {
  return object.store
    .history(object.ref as ObjectRef<'PersistentVolume'>)
    .map((seen) => seen.object.status?.phase ?? '')
    .filter((phase, index, all) => phase !== '' && phase !== all[index - 1]);
}

/** Takes the claim's name off a Released volume, as an administrator does who has cleaned the disk. */
export async function clearClaimRef(namespace: SpecNamespace, volume: VolumeHandle): Promise<void> {
  await namespace.cluster.client.patch(volume.ref, {
    type: 'json',
    operations: [{ op: 'remove', path: '/spec/claimRef' }],
  });
}
