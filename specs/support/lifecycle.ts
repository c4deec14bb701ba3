import type { StoreView } from '../../clusters/api/object-history.ts';
import { mountAt } from '../../clusters/nodes/mountinfo.ts';
import { nodeMounts, onNode } from '../../clusters/nodes/node.ts';
import { eventually } from './expectations.ts';
import type { ClaimHandle, Handle, PodHandle, VolumeHandle } from './handles.ts';
import { podWith } from './parts.ts';
import type { Scene } from './scene.ts';

/** A path that no node has: a pod with such a volume is scheduled, and never starts. */
export const nowhere = '/mnt/disks/nowhere';

/** The phases that an object went through, each once, in the order in which they were seen. */
export function phasesOf(handle: VolumeHandle | ClaimHandle): string[] {
  const seen = handle.store.history<'PersistentVolume' | 'PersistentVolumeClaim'>(handle.ref);
  const phases = seen.flatMap(({ object }) => object.status?.phase ?? []);
  return phases.filter((phase, index) => phase !== phases[index - 1]);
}

/** Asks for an object's deletion, and waits until the API shows that it is asked for: marked, or gone. */
export async function markForDeletion(scene: Scene, handle: VolumeHandle | ClaimHandle | PodHandle): Promise<void> {
  await scene.world.client.remove(handle.ref);
  await eventually(handle as unknown as Handle, `${handle} to be marked for deletion`, (store) => {
    const now = store.get(handle.ref);
    return now === undefined || now.metadata.deletionTimestamp !== undefined;
  });
}

/** Deletes a claim and waits for what that makes of its volume. */
export async function release(
  scene: Scene,
  claim: ClaimHandle,
  volume: VolumeHandle,
  phase: 'Released' | 'Failed' = 'Released',
): Promise<void> {
  await scene.remove(claim);
  await eventually(volume, `${volume} to be ${phase}`, (store) => store.get(volume.ref)?.status?.phase === phase);
}

/** Offers a Released volume again, as its administrator does: the reference to the claim that was is cleared. */
export async function offerAgain(scene: Scene, volume: VolumeHandle): Promise<void> {
  await scene.world.client.patch(volume.ref, { type: 'json', operations: [{ op: 'remove', path: '/spec/claimRef' }] });
}

/** Takes a PersistentVolume object away while it is in use, past its protection: the finalizer is removed by hand. */
export async function takeAway(scene: Scene, volume: VolumeHandle): Promise<void> {
  await markForDeletion(scene, volume);
  await scene.world.client.patch(volume.ref, { type: 'merge', change: { metadata: { finalizers: null } } });
  await eventually(volume, `${volume} to be gone`, (store) => store.get(volume.ref) === undefined);
}

/** Makes a pod on claims of volumes at `nowhere`, and waits until it has a node: it uses them, and never starts. */
export async function podThatOnlyWaits(
  scene: Scene,
  name: string,
  claim: ClaimHandle,
  node: string,
): Promise<PodHandle> {
  const pod = await podWith(scene, name, [claim]);
  await eventually(
    pod,
    `${pod} to be scheduled to ${node}`,
    (store: StoreView) => store.get(pod.ref)?.spec?.nodeName === node,
  );
  return pod;
}

/** Where kubelet mounts a device for all pods of the node, before it binds it for each. Source: pkg/volume/local. */
export function stagedMount(volumeName: string): string {
  return `/var/lib/kubelet/plugins/kubernetes.io/local-volume/mounts/${volumeName}`;
}

/** The mounts of a node whose mount point has this text in it, as lines. */
export async function mountsWith(scene: Scene, nodeName: string, text: string): Promise<string[]> {
  const mounts = await nodeMounts(scene.world.node(nodeName), scene.signal);
  return mounts.filter(({ mountPoint }) => mountPoint.includes(text)).map(({ mountPoint }) => mountPoint);
}

/** Whether something is mounted at a path of a node. */
export async function isMounted(scene: Scene, nodeName: string, path: string): Promise<boolean> {
  return mountAt(await nodeMounts(scene.world.node(nodeName), scene.signal), path) !== undefined;
}

/**
 * Waits until nothing is mounted at a path of a node. kubelet unmounts a device for all pods after the last pod has
 * gone from the API, and tells nobody: the node itself waits on its mount table.
 */
export async function unmounted(scene: Scene, nodeName: string, path: string): Promise<void> {
  const script = 'until ! mountpoint -q "$1"; do findmnt --poll --timeout 500 --first-only >/dev/null || true; done';
  const argv = ['timeout', '25', 'sh', '-c', script, 'sh', path] as const;
  await onNode(scene.world.node(nodeName), argv, { signal: scene.signal });
}

/** How often a text stands in a file or device of a node, read whole and raw. */
export async function occurrences(scene: Scene, nodeName: string, path: string, text: string): Promise<number> {
  const script = 'grep --text --only-matching --fixed-strings -- "$2" "$1" | wc -l';
  const argv = ['sh', '-c', script, 'sh', path, text] as const;
  return Number(await onNode(scene.world.node(nodeName), argv, { signal: scene.signal }));
}
