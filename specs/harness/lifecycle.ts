import { currentSpec } from '../runner/current-spec.ts';
import { absentPath, triggerResync } from './binding.ts';
import { eventually } from './eventually.ts';
import { expect } from './expect.ts';
import type { ClaimHandle, Handle, PodHandle, VolumeHandle } from './handles.ts';
import { firstNode } from './nodes.ts';
import type { SpecNamespace } from './spec-namespace.ts';

/** Deletes an object, and waits until it has a deletionTimestamp or is gone. */
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

/**
 * Waits until the two controllers of storage object in use protection have looked at objects again. Each object is
 * changed, and so queued. The controllers take one object after another: once a volume and a claim that are created and
 * deleted later are gone, the controllers have looked at all of them. An object that still exists then is kept.
 */
export async function protectionLookedAgain(
  namespace: SpecNamespace,
  ...objects: readonly (VolumeHandle | ClaimHandle)[]
): Promise<void> {
  for (const object of objects) await triggerResync(namespace, object);
  // They have different classes, so that they are not bound to each other.
  const ofClass = (storageClassName: string) => ({ spec: { storageClassName } });
  const node = currentSpec().nodes?.at(-1) ?? firstNode();
  const witnesses = [
    await namespace.volume(`deleted-${witnessed}`, { node, path: absentPath, ...ofClass('of-volume') }),
    await namespace.claim(`deleted-${witnessed++}`, ofClass('of-claim')),
  ];
  for (const witness of witnesses) await namespace.remove(witness);
}

let witnessed = 0;

/** Deletes a claim, and waits until its volume is in the phase. */
export async function release(
  namespace: SpecNamespace,
  claim: ClaimHandle,
  volume: VolumeHandle,
  phase: 'Released' | 'Failed' = 'Released',
): Promise<void> {
  await namespace.remove(claim);
  await expect(volume).to.reachPhase(phase);
}

/** Deletes a PersistentVolume that is in use: removes its finalizers, and waits until it is gone. */
export async function forceDelete(namespace: SpecNamespace, volume: VolumeHandle): Promise<void> {
  await markForDeletion(namespace, volume);
  await namespace.cluster.client.patch(volume.ref, { type: 'merge', change: { metadata: { finalizers: null } } });
  await expect(volume).to.beGone();
}
