import { DomainError } from '../../clusters/domain-error.ts';
import { type Disk, makeDisk, removeDisk, verifyDisk, wipeDisk } from '../../clusters/nodes/disk.ts';
import { currentSpec } from './current-spec.ts';
import { infrastructure } from './infrastructure.ts';
import { world } from './world.ts';

/** A disk that a spec has for itself until it gives it back. */
export interface DiskLease extends AsyncDisposable {
  disk: Disk;
}

/** Who holds which disk in this process: `node2/vol-a` → the spec's id. */
const holders = new Map<string, string>();

let disksMade = 0;

/**
 * Leases a disk of the cluster's own, by node and mount path. It is verified to be that very disk, not a plain
 * directory, and emptied, both when it is taken and when it is given back.
 */
export async function leaseDisk(nodeName: string, mountPath: string): Promise<DiskLease> {
  const { context, node } = await world();
  const made = context.disks.find((disk) => disk.node === nodeName && disk.mountPath === mountPath);
  if (!made) {
    const known = context.disks.map((disk) => `${disk.node}:${disk.mountPath}`).join(', ');
    throw new DomainError({
      attempted: `leasing the disk at ${mountPath} of ${nodeName}`,
      seen: `the cluster has ${known}`,
    });
  }
  const key = `${nodeName}/${made.name}`;
  const holder = holders.get(key);
  if (holder !== undefined) {
    throw new DomainError({ attempted: `leasing the disk at ${mountPath} of ${nodeName}`, seen: `${holder} holds it` });
  }
  holders.set(key, currentSpec().id);
  const place = node(nodeName);
  const free = () => holders.delete(key);
  try {
    const disk = await verifyDisk(place, made);
    await wipeDisk(place, disk);
    return { disk, [Symbol.asyncDispose]: () => wipeDisk(place, disk).finally(free) };
  } catch (error) {
    // The next spec is to meet the same error, not this spec's lease.
    free();
    throw error;
  }
}

/** Makes a disk for one spec, beside those of disks.yaml; it is unmounted and removed when given back. */
export async function makeLeasedDisk(
  nodeName: string,
  request: { bytes: number; fileSystem?: 'ext4' | 'xfs' },
): Promise<DiskLease> {
  const { context, node } = await world();
  const place = node(nodeName);
  // With the run's id: what an interrupted run left on a cluster that stays is in nobody's way.
  const name = `${context.run}-${currentSpec().id.toLowerCase()}-${disksMade++}`;
  const mountPath = `/mnt/disks/${name}`;
  const disk = await makeDisk(
    place,
    context.run,
    { name, bytes: request.bytes, fileSystem: request.fileSystem ?? 'ext4', mountPath },
    infrastructure,
  );
  return { disk, [Symbol.asyncDispose]: () => removeDisk(place, disk) };
}
