import type { ObjectRef } from '../../clusters/api/kinds.ts';
import type { PersistentVolume } from '../../clusters/api/objects.ts';
import { assignedNode } from '../runner/current-spec.ts';
import { contrary, eventually } from './eventually.ts';
import type { ClaimHandle, Handle, PodHandle, VolumeHandle } from './handles.ts';
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

/** Where volumes are that no pod gets to mount. */
export const nowhere = '/mnt/disks/not-there';

/** A volume's place on the given node that no pod gets to mount: no disk has to be there. */
export function nowhereHere(): { node: string; path: string } {
  return { node: assignedNode(), path: nowhere };
}

/** The annotations by which the controller and the scheduler tell who bound what. */
export const bindingAnnotations = {
  completed: 'pv.kubernetes.io/bind-completed',
  byController: 'pv.kubernetes.io/bound-by-controller',
  selectedNode: 'volume.kubernetes.io/selected-node',
} as const;

/** The names of the binding annotations that an object carries, sorted. */
export function bindingAnnotationsOf(object: Handle<'PersistentVolume' | 'PersistentVolumeClaim'>): string[] {
  const known: string[] = Object.values(bindingAnnotations);
  return Object.keys(object.now.metadata.annotations ?? {})
    .filter((name) => known.includes(name))
    .sort();
}

/** Waits until the scheduler has put the pod on a node; whether it starts there is not looked at. */
export async function scheduledTo(pod: PodHandle, node: string): Promise<void> {
  await eventually(pod, `${pod} to be scheduled to ${node}`, (store) => {
    const place = store.get(pod.ref)?.spec?.nodeName;
    if (place && place !== node) throw contrary(pod, `${pod} was scheduled to ${place}, not to ${node}`);
    return place === node;
  });
}

/**
 * Makes the controller look at a claim again, which it does with every change of it: without that, a claim that found
 * nothing waits for the controller's next round, up to 15 s.
 */
export async function triggerResync(namespace: SpecNamespace, claim: ClaimHandle): Promise<void> {
  const change = { metadata: { annotations: { 'local-pv-conformance/look-again': 'now' } } };
  await namespace.cluster.client.patch(claim.ref, { type: 'merge', change });
}

/** The phases that a volume or a claim was seen in, in order, each once for as long as it lasted. */
export function phasesOf(object: Handle<'PersistentVolume' | 'PersistentVolumeClaim'>): string[] {
  return object.store
    .history(object.ref as ObjectRef<'PersistentVolume'>)
    .map((seen) => seen.object.status?.phase ?? '')
    .filter((phase, index, all) => phase !== '' && phase !== all[index - 1]);
}

/** When the volume came to each of its phases, as the API server's own `lastPhaseTransitionTime` has it, in order. */
export function transitionsOf(volume: VolumeHandle): { phase: string; at: string }[] {
  const found: { phase: string; at: string }[] = [];
  for (const { object } of volume.store.history(volume.ref)) {
    const { phase = '', lastPhaseTransitionTime: at = '' } = (object as PersistentVolume).status ?? {};
    if (phase !== '' && found.at(-1)?.phase !== phase) found.push({ phase, at });
  }
  return found;
}

/** Takes the claim's name off a Released volume, as an administrator does who has cleaned the disk. */
export async function clearClaimRef(namespace: SpecNamespace, volume: VolumeHandle): Promise<void> {
  await namespace.cluster.client.patch(volume.ref, {
    type: 'json',
    operations: [{ op: 'remove', path: '/spec/claimRef' }],
  });
}

/** Waits until a volume and a claim are bound to each other or neither to anything, and says which. */
export function boundOrFree(volume: VolumeHandle, claim: ClaimHandle): Promise<'bound' | 'free'> {
  return eventually(
    claim,
    `${claim} and ${volume} to be bound to each other, or both free`,
    (store) => {
      const ours = store.get(claim.ref);
      const theirs = store.get(volume.ref);
      const phases = `${ours?.status?.phase}/${theirs?.status?.phase}`;
      const named = ours?.spec?.volumeName === volume.name && theirs?.spec?.claimRef?.uid === ours?.metadata.uid;
      const unnamed = !ours?.spec?.volumeName && !theirs?.spec?.claimRef;
      if (phases === 'Bound/Bound' && named) return 'bound';
      return phases === 'Pending/Available' && unnamed && 'free';
    },
    { also: [volume] },
  );
}
