import { eventually } from './eventually.ts';
import { expect } from './expect.ts';
import type { ClaimHandle, Handle, PodHandle, VolumeHandle } from './handles.ts';
import type { SpecNamespace } from './spec-namespace.ts';

/** Asks for an object's deletion, and waits until the API shows that it is asked for: marked, or gone. */
export async function markForDeletion(
  namespace: SpecNamespace,
  handle: VolumeHandle | ClaimHandle | PodHandle,
): Promise<void> {
  await namespace.cluster.client.remove(handle.ref);
  await eventually(handle as unknown as Handle, `${handle} to be marked for deletion`, (store) => {
    const now = store.get(handle.ref);
    return now === undefined || now.metadata.deletionTimestamp !== undefined;
  });
}

/** Deletes a claim and waits for what that makes of its volume. */
export async function release(
  namespace: SpecNamespace,
  claim: ClaimHandle,
  volume: VolumeHandle,
  phase: 'Released' | 'Failed' = 'Released',
): Promise<void> {
  await namespace.remove(claim);
  await expect(volume).to.reachPhase(phase);
}

/** Deletes a PersistentVolume object while it is in use: its protection, a finalizer, is removed by hand. */
export async function forceDelete(namespace: SpecNamespace, volume: VolumeHandle): Promise<void> {
  await markForDeletion(namespace, volume);
  await namespace.cluster.client.patch(volume.ref, { type: 'merge', change: { metadata: { finalizers: null } } });
  await expect(volume).to.beGone();
}
