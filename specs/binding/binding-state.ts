import type { PersistentVolume } from '../../clusters/api/objects.ts';
import { type ClaimHandle, eventually, type Handle, type VolumeHandle } from '../harness/index.ts';

/** The annotations by which the controller and the scheduler tell who bound what. */
export const bindingAnnotations = {
  completed: 'pv.kubernetes.io/bind-completed',
  byController: 'pv.kubernetes.io/bound-by-controller',
  selectedNode: 'volume.kubernetes.io/selected-node',
} as const;

/** Returns the names of the binding annotations that an object carries, sorted. */
export function bindingAnnotationsOf(object: Handle<'PersistentVolume' | 'PersistentVolumeClaim'>): string[] {
  const known: string[] = Object.values(bindingAnnotations);
  return Object.keys(object.now.metadata.annotations ?? {})
    .filter((name) => known.includes(name))
    .sort();
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
