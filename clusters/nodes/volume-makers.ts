import { DomainError } from '../errors/domain-error.ts';
import type { Progress } from '../text/progress.ts';
import { attachBlockDevice, detachBlockDevice } from './block-device.ts';
import { backingFile, type Disk, type DiskRequest, makeDisk, removeDisk } from './disk.ts';
import { type Node, nodeScript, onNode, scriptOnNode } from './node.ts';
import { type DiskVolume, type NodeVolume, pathOnNode } from './node-volume.ts';

/** A request for a volume of a type. */
export interface VolumeOrder {
  run: string;
  /** New on its node: letters, digits and hyphens. */
  name: string;
  /** The path at which it is mounted by hand; by default of its name, among the node's disks. */
  path?: string | undefined;
  /** Its size, at least the type's `leastBytes`; directories have none. */
  bytes: number;
  /** The kernel refuses writes to its device. Only for raw devices. */
  readOnly?: boolean | undefined;
  progress: Progress;
  signal?: AbortSignal;
}

/** A volume that can be removed. If it is already gone, `remove` does nothing. */
export type Made<V extends NodeVolume> = V & { remove(signal?: AbortSignal): Promise<void> };

/** Returns the path at which a volume is mounted by hand. */
export function mountPath(node: Node, { path, name }: Pick<VolumeOrder, 'path' | 'name'>): string {
  return path ?? `${node.places.disks}/${name}`;
}

const scripts = {
  make: nodeScript(import.meta.url, 'make-directory.sh'),
  makeTmpfs: nodeScript(import.meta.url, 'make-tmpfs.sh'),
  remove: nodeScript(import.meta.url, 'remove-directory.sh'),
};

interface DirectoryRequest {
  directory: string;
  /** What is mounted at it: nothing, itself, or memory of that many bytes. */
  mount: 'plain' | 'bound' | { tmpfs: number };
  /** A symbolic link to it, which the PersistentVolume names instead. */
  link?: string;
}

/** Creates a directory on a node. `remove` also removes everything in it. */
export async function makeDirectory(
  node: Node,
  { name, signal }: Pick<VolumeOrder, 'name' | 'signal'>,
  { directory, mount, link }: DirectoryRequest,
): Promise<Made<NodeVolume>> {
  const links = link === undefined ? [] : [link];
  const remove = async (stop?: AbortSignal): Promise<void> => {
    await scriptOnNode(node, scripts.remove, [directory, ...links], { signal: stop });
  };
  if (typeof mount === 'string') await scriptOnNode(node, scripts.make, [directory, mount, ...links], { signal });
  else await scriptOnNode(node, scripts.makeTmpfs, [directory, String(mount.tmpfs)], { signal });
  const path = link ?? directory;
  const { deviceNumber, root, fileSystem } = await orElse(remove, pathOnNode(node, path, signal));
  return {
    name,
    node: node.name,
    path,
    volumeMode: 'Filesystem',
    kind: 'directory',
    deviceNumber,
    root,
    fileSystem,
    remove,
  };
}

/** Creates a loop device with a file system, mounted at a directory as a node's administrator would. */
export async function makeMountedDisk(
  node: Node,
  order: VolumeOrder,
  request: Pick<DiskRequest, 'fileSystem' | 'uuid'>,
): Promise<Made<DiskVolume>> {
  const { run, name, bytes, progress, signal } = order;
  const wanted = { name, bytes, mountPath: mountPath(node, order), ...request };
  const remove = (stop?: AbortSignal) =>
    removeDisk(node, { mountPath: wanted.mountPath, backingFile: backingFile(node, run, name) }, stop);
  const disk = await orElse(remove, makeDisk(node, run, wanted, progress, signal));
  await orElse(remove, proveUuid(node, disk, signal));
  return { ...volumeOfDisk(disk), remove };
}

/** Returns a mounted disk as the volume that a PersistentVolume names. */
export function volumeOfDisk({ name, node, mountPath: path, device, ...disk }: Disk): DiskVolume {
  const { bytes, backingFile: file, deviceNumber, fileSystem } = disk;
  const place = { name, node, path, volumeMode: 'Filesystem', kind: 'directory' } as const;
  return { ...place, deviceNumber, root: '/', fileSystem, device, bytes, backingFile: file };
}

/** Checks the UUID of the device, if one was requested. A path that names another UUID would prove nothing. */
async function proveUuid(node: Node, { device, uuid }: Disk, signal: AbortSignal | undefined): Promise<void> {
  if (uuid === undefined) return;
  const read = await onNode(node, ['blkid', '--probe', '--match-tag', 'UUID', '--output', 'value', device], { signal });
  if (read.trim() === uuid) return;
  throw new DomainError({
    attempted: 'making a file system with a UUID',
    on: `${device} of ${node.name}`,
    seen: `${read.trim()}, wanted ${uuid}`,
  });
}

/** What a raw device becomes in a pod: the device itself in a container, or the file system that kubelet makes. */
type Becomes = Pick<NodeVolume, 'volumeMode' | 'root' | 'fileSystem'>;

/** Attaches a loop device without a file system. */
export async function makeRawDevice(node: Node, order: VolumeOrder, becomes: Becomes): Promise<Made<DiskVolume>> {
  const { run, progress, signal, name, bytes, readOnly = false } = order;
  const attached = await attachBlockDevice(node, run, { name, bytes, readOnly }, progress, signal);
  const remove = (stop?: AbortSignal) => detachBlockDevice(node, attached, stop);
  const { path, deviceNumber, backingFile: file } = attached;
  // A loop device stays read-only after `blockdev --setro`, even for another file. An earlier spec may have set it.
  if (!readOnly) await orElse(remove, onNode(node, ['blockdev', '--setrw', path], { signal }));
  const place = { name, node: node.name, path, kind: 'device', deviceNumber } as const;
  return { ...place, ...becomes, device: path, bytes, backingFile: file, remove };
}

/** Waits for the result of `work`. If it fails, removes what was made before. */
async function orElse<Value>(remove: () => Promise<void>, work: Promise<Value>): Promise<Value> {
  return await work.catch(async (error: unknown) => {
    // Report the error of the work, not of the removal.
    await remove().catch(() => {});
    throw error;
  });
}
