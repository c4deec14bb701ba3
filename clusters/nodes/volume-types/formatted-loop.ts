import { DomainError } from '../../errors/domain-error.ts';
import { type Disk, type DiskRequest, makeDisk, removeDisk } from '../disk.ts';
import { type Node, onNode } from '../node.ts';
import type { BackEndOrder, MadeDisk } from './back-end.ts';

/** Makes a loop device with a file system, mounted at a directory as a node's administrator would. */
export async function makeFormattedLoop(
  node: Node,
  order: BackEndOrder,
  request: Pick<DiskRequest, 'fileSystem' | 'mountPath' | 'uuid'>,
): Promise<MadeDisk> {
  const { run, name, bytes, progress, signal } = order;
  const disk = await makeDisk(node, run, { name, bytes, ...request }, progress, signal);
  await proveUuid(node, disk, signal).catch(async (error: unknown) => {
    await removeDisk(node, disk);
    throw error;
  });
  return {
    node: node.name,
    path: disk.mountPath,
    volumeMode: 'Filesystem',
    at: 'directory',
    deviceNumber: disk.deviceNumber,
    root: '/',
    fileSystem: disk.fileSystem,
    remove: (stop) => removeDisk(node, disk, stop),
  };
}

/** Reads the UUID from the device where a certain one was asked for: a path that names another would prove nothing. */
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
