import { DomainError } from '../../clusters/errors/domain-error.ts';
import { backingFile, type Disk, makeDisk, removeDisk, verifyDisk, wipeDisk } from '../../clusters/nodes/disk.ts';
import type { DiskBackEnd, MadeDisk } from '../../clusters/nodes/volume-types/back-end.ts';
import { assertAssigned, currentSpec } from '../runner/current-spec.ts';
import { infrastructure } from '../runner/infrastructure.ts';
import { newName, ownPrefix } from '../runner/node-names.ts';
import { testCluster } from '../runner/test-cluster.ts';

/** A disk that a spec has for itself until it gives it back. */
export interface DiskLease extends AsyncDisposable {
  disk: Disk;
}

/** Who holds which disk in this process: `node2/vol-a` → the spec's id. */
const holders = new Map<string, string>();

/**
 * Leases a disk of the cluster's own, by node and mount path. It is verified to be that very disk, not a plain
 * directory, and emptied, both when it is taken and when it is given back.
 */
export async function leaseDisk(nodeName: string, mountPath: string): Promise<DiskLease> {
  assertAssigned(nodeName);
  const { context, node } = await testCluster();
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

/**
 * Makes a disk for one spec, beside those of disks.yaml; it is unmounted and removed when given back. Its mount path is
 * its own, unless `at` names it: disks of several nodes that have the same `at` in one spec have the same path.
 */
export async function makeLeasedDisk(
  nodeName: string,
  request: { bytes: number; fileSystem?: 'ext4' | 'xfs'; at?: string },
): Promise<DiskLease> {
  assertAssigned(nodeName);
  const { context, node } = await testCluster();
  const place = node(nodeName);
  const name = newName('disk');
  const { at } = request;
  const mountPath = `/mnt/disks/${at === undefined ? name : `${ownPrefix()}-${at}`}`;
  const wanted = { name, bytes: request.bytes, fileSystem: request.fileSystem ?? 'ext4', mountPath };
  const disk = await makeDisk(place, context.run, wanted, infrastructure).catch(async (error: unknown) => {
    // Nobody else knows of a disk that did not become what was asked for.
    await removeDisk(place, { mountPath, backingFile: backingFile(context.run, name) }).catch(() => {});
    throw error;
  });
  return { disk, [Symbol.asyncDispose]: () => removeDisk(place, disk) };
}

/** What a back end has made for a spec, until it gives it back. */
export interface BackEndLease extends AsyncDisposable {
  disk: MadeDisk;
}

/** Has a back end make a disk for one spec: of `bytes`, or a little more where the back end cannot do with so few. */
export async function leaseBackEnd(
  nodeName: string,
  backEnd: DiskBackEnd,
  { bytes = 16 * 2 ** 20 }: { bytes?: number } = {},
): Promise<BackEndLease> {
  assertAssigned(nodeName);
  const { context, node } = await testCluster();
  // Without the spec's signal: what is half made when a run is interrupted would be nobody's to take away.
  const disk = await backEnd.make(node(nodeName), {
    run: context.run,
    name: newName('disk'),
    bytes: Math.max(bytes, backEnd.leastBytes),
    progress: infrastructure,
  });
  return { disk, [Symbol.asyncDispose]: () => disk.remove() };
}
