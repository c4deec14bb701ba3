import { DomainError } from '../../clusters/errors/domain-error.ts';
import { verifyDisk, wipeDisk } from '../../clusters/nodes/disk.ts';
import type { DiskVolume } from '../../clusters/nodes/node-volume.ts';
import { volumeOfDisk } from '../../clusters/nodes/volume-makers.ts';
import { type VolumeOf, type VolumeTypeKey, volumeTypes } from '../../clusters/nodes/volume-types.ts';
import { assertAssigned, currentSpec, newName, ownPrefix } from '../runner/current-spec.ts';
import { infrastructure, testCluster } from '../runner/test-cluster.ts';
import { placesOf } from './nodes.ts';

/** What a spec may ask of a volume that it leases. */
export interface LeaseRequest {
  /** Its size; the type's least size where that is more; 16 MiB where not given. */
  bytes?: number;
  /**
   * The last part of its path, where the type has one to choose: volumes of several nodes that have the same `at` in
   * one spec have the same path. Where not given, the path is no other volume's.
   */
  at?: string;
  /** The kernel refuses writes to its device; only for `BLOCK` and `FORMAT`. */
  readOnly?: boolean;
}

/**
 * Creates a volume on a node for one spec, and removes it when the lease ends. It is read back from the node, so that a
 * plain directory is not mistaken for a disk.
 * @throws DomainError where the run has given the spec another node
 * @example
 * await using disk = await leaseVolume(assignedNode(), 'LOOP', { bytes: 32 * 2 ** 20 });
 * const { volume, claim } = await namespace.boundVolume('data', disk);
 */
export async function leaseVolume<Type extends VolumeTypeKey>(
  nodeName: string,
  type: Type,
  { bytes = 16 * 2 ** 20, at, readOnly }: LeaseRequest = {},
): Promise<VolumeOf<Type> & AsyncDisposable> {
  assertAssigned(nodeName);
  const { facts, node } = await testCluster();
  const { leastBytes, make } = volumeTypes[type];
  // Without the spec's signal: an interrupted run would leave a half-made volume that no lease removes.
  const made = await make(node(nodeName), {
    run: facts.run,
    name: newName('volume'),
    path: at === undefined ? undefined : `${placesOf(nodeName).disks}/${ownPrefix()}-${at}`,
    bytes: Math.max(bytes, leastBytes),
    readOnly,
    progress: infrastructure,
  });
  return { ...(made as VolumeOf<Type>), [Symbol.asyncDispose]: () => made.remove() };
}

/** The spec that has leased each of the cluster's own disks in this process: `node2/vol-a` → its id. */
const holders = new Map<string, string>();

/**
 * Leases one of the disks of disks.yaml, by its node and mount path. When the lease begins and when it ends, the path is
 * checked to be that disk, and the disk is emptied.
 */
export async function leaseClusterDisk(nodeName: string, path: string): Promise<DiskVolume & AsyncDisposable> {
  assertAssigned(nodeName);
  const { facts, node } = await testCluster();
  const attempted = `leasing the disk at ${path} of ${nodeName}`;
  const disk = facts.disks.find((one) => one.node === nodeName && one.mountPath === path);
  if (!disk) {
    const known = facts.disks.map((one) => `${one.node}:${one.mountPath}`).join(', ');
    throw new DomainError({ attempted, seen: `the cluster has ${known}` });
  }
  const key = `${nodeName}/${disk.name}`;
  const holder = holders.get(key);
  if (holder !== undefined) throw new DomainError({ attempted, seen: `${holder} has leased it` });
  holders.set(key, currentSpec().id);
  const place = node(nodeName);
  const free = () => holders.delete(key);
  try {
    const found = await verifyDisk(place, disk);
    await wipeDisk(place, found);
    return { ...volumeOfDisk(found), [Symbol.asyncDispose]: () => wipeDisk(place, found).finally(free) };
  } catch (error) {
    // The next spec gets the same error, and not the message that this spec has leased the disk.
    free();
    throw error;
  }
}

/**
 * Returns a mounted disk as its node has it now, with its present device.
 * @throws DomainError where something else, or nothing, is mounted at its path
 */
export async function verifyVolume(volume: DiskVolume): Promise<DiskVolume> {
  const { node } = await testCluster();
  const { path, name, bytes, backingFile } = volume;
  const fileSystem = volume.fileSystem as 'ext4' | 'xfs';
  const expected = { name, node: volume.node, mountPath: path, bytes, backingFile, fileSystem };
  return volumeOfDisk(await verifyDisk(node(volume.node), expected));
}
