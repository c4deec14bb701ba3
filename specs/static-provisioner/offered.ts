import { waitFor } from '../../clusters/api/wait.ts';
import { eventually } from '../harness/eventually.ts';
import { type ClassHandle, Handle, type VolumeHandle } from '../harness/handles.ts';
import type { SpecNamespace } from '../harness/spec-namespace.ts';
import { newName } from '../runner/current-spec.ts';
import type { EntriesDirectory } from './entries.ts';

/** Creates a StorageClass of a spec with a reclaim policy. Its volumes are bound immediately by default. */
export function offeredClass(
  namespace: SpecNamespace,
  reclaimPolicy: 'Delete' | 'Retain',
  {
    mode = 'Immediate',
    name,
    mountOptions,
  }: { mode?: 'Immediate' | 'WaitForFirstConsumer'; name?: string; mountOptions?: string[] } = {},
): Promise<ClassHandle> {
  return namespace.storageClass(mode, {
    ...(name !== undefined && { name }),
    change: (manifest) => {
      manifest.reclaimPolicy = reclaimPolicy;
      if (mountOptions !== undefined) manifest.mountOptions = mountOptions;
    },
  });
}

/** An entry of a directory, as the volume of a class. */
export interface Offer {
  directory: EntriesDirectory;
  entry: string;
  storageClass: ClassHandle;
}

/**
 * Waits until an entry of a directory is offered as a volume that is Available or Bound, and returns it. With `after`,
 * the uid of an earlier volume, it must be another one of the same name.
 */
export async function offeredVolume(
  namespace: SpecNamespace,
  { directory, entry, storageClass }: Offer,
  { after }: { after?: string } = {},
): Promise<VolumeHandle> {
  const { store } = namespace.cluster;
  const name = volumeName(entry, directory.node.name, storageClass.name);
  const path = `${directory.path}/${entry}`;
  const handle = new Handle({ kind: 'PersistentVolume', name }, name, store);
  await waitFor(store, {
    what: `${path} to be offered as ${handle}`,
    on: [handle.ref],
    within: 90_000,
    signal: namespace.signal,
    until: (view) => {
      const now = view.get(handle.ref);
      const phase = now?.status?.phase ?? '';
      return now?.spec?.local?.path === path && now.metadata.uid !== after && ['Available', 'Bound'].includes(phase);
    },
  });
  return handle;
}

/**
 * Returns the name of the PersistentVolume for an entry of a directory. It is always the same for the same entry, node
 * and class, so that a restarted provisioner finds its volumes. Source: sig-storage-local-static-provisioner,
 * pkg/discovery/discovery.go, generatePVName (32-bit FNV-1a).
 */
export function volumeName(entry: string, node: string, storageClass: string): string {
  const bytes = new TextEncoder().encode(entry + node + storageClass);
  const hash = bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193) >>> 0, 0x811c9dc5);
  return `local-pv-${hash.toString(16)}`;
}

/** Returns the paths of the existing volumes of a class, each with its capacity; without those of `lookedThrough`. */
export function offeredPaths(namespace: SpecNamespace, storageClass: ClassHandle): Record<string, string | undefined> {
  const volumes = namespace.cluster.store.list('PersistentVolume', {
    where: ({ spec }) => spec?.storageClassName === storageClass.name && !spec.local?.path.includes(`-${witness}-`),
  });
  return Object.fromEntries(volumes.map(({ spec }) => [spec?.local?.path, spec?.capacity?.storage]));
}

/** A word in the names of entries that only show that the provisioner has looked. */
const witness = 'witness';

/**
 * Waits until the provisioner has looked through a directory once more, and through its volumes: what it has not done
 * by then it does not do. It looks at entries in any order, but at one directory after another. An entry that comes now
 * and is offered was found by a look that has begun since; when a second one is offered, that look is over. With several
 * classes, a third one is needed.
 */
export async function lookedThrough(
  namespace: SpecNamespace,
  { directory, storageClass }: Omit<Offer, 'entry'>,
  entries = 2,
): Promise<void> {
  for (let count = 0; count < entries; count++) {
    const entry = newName(witness);
    await directory.memory(2 ** 20, entry);
    await offeredVolume(namespace, { directory, entry, storageClass });
  }
}

/** Removes the users of a volume and waits until the volume was seen Released, which an earlier one of its name may have been. */
export async function release(
  namespace: SpecNamespace,
  volume: VolumeHandle,
  ...users: readonly Handle[]
): Promise<void> {
  const { uid } = volume.now.metadata;
  for (const user of users) await namespace.remove(user);
  await eventually(volume, `${volume} to be Released`, (view) =>
    view.history(volume.ref).some(({ object }) => object.metadata.uid === uid && object.status?.phase === 'Released'),
  );
}
