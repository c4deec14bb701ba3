import { posix } from 'node:path';
import { DomainError } from '../errors/domain-error.ts';
import { CommandFailed } from '../host/command/commander.ts';
import type { Progress } from '../text/progress.ts';
import { despiteLostRace } from './lost-race.ts';
import { parseMountinfo } from './mountinfo.ts';
import { type Node, nodeScript, scriptOnNode } from './node.ts';

/** A disk that is wanted. */
export interface DiskRequest {
  name: string;
  bytes: number;
  fileSystem: 'ext4' | 'xfs';
  /** Where the node mounts it, such as /mnt/disks/volA. */
  mountPath: string;
  /** The UUID that its file system gets; random by default. */
  uuid?: string;
}

/** A disk as read back from its node. */
export interface Disk extends DiskRequest {
  /** Name of the node that it belongs to. */
  node: string;
  /** The loop device, such as /dev/loop3. */
  device: string;
  /** `major:minor` of the device, which every mount of it shows. */
  deviceNumber: string;
  backingFile: string;
}

const scripts = {
  prepare: nodeScript(import.meta.url, 'prepare-node.sh'),
  make: nodeScript(import.meta.url, 'make-disk.sh'),
  describe: nodeScript(import.meta.url, 'describe-disk.sh'),
  wipe: nodeScript(import.meta.url, 'wipe-disk.sh'),
  remove: nodeScript(import.meta.url, 'remove-disk.sh'),
};

/** Loop device files that every node gets: disks of the run and kubelet's own locks for raw block volumes. */
const loopDeviceFiles = 128;

/** Prepares a node for disks: creates loop device files, now and after each restart of the node. */
export async function prepareNode(node: Node, signal?: AbortSignal): Promise<void> {
  await scriptOnNode(node, scripts.prepare, [String(loopDeviceFiles)], { signal });
}

/** Returns the path of the file that holds a disk of a run. The node's /var survives a restart of the node. */
export function backingFile({ places }: Pick<Node, 'places'>, run: string, name: string): string {
  return `${places.files}/${run}/${name}.img`;
}

/**
 * Returns the systemd unit that mounts a path (systemd.unit(5), "string escaping"): of characters beyond ASCII, each
 * byte.
 */
export function mountUnitName(mountPath: string): string {
  const path = posix.normalize(mountPath).replace(/^\/+|\/+$/g, '');
  const escaped = [...Buffer.from(path)].map((byte, index) => {
    const character = String.fromCharCode(byte);
    if (character === '/') return '-';
    if (/[A-Za-z0-9:_]/.test(character) || (character === '.' && index > 0)) return character;
    return `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `${escaped.join('')}.mount`;
}

/**
 * Creates a disk on a node, mounts it, and returns it as read back. Compares the file system, the size, the device and
 * its automatic release with the request.
 * @throws DomainError if something else is mounted there, or nothing: a plain directory is never mistaken for a disk
 */
export async function makeDisk(
  node: Node,
  run: string,
  request: DiskRequest,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Disk> {
  const backing = backingFile(node, run, request.name);
  const args = [
    backing,
    String(request.bytes),
    request.fileSystem,
    request.mountPath,
    mountUnitName(request.mountPath),
    ...(request.uuid === undefined ? [] : [request.uuid]),
  ];
  const attempt = () => scriptOnNode(node, scripts.make, args, { signal });
  const what = `mounting ${request.mountPath} on ${node.name}`;
  await despiteLostRace(attempt, { what, lost: lostRaceForLoopDevice, progress, signal });
  return await verifyDisk(node, { ...request, node: node.name, backingFile: backing }, signal);
}

function lostRaceForLoopDevice(error: unknown): boolean {
  return (
    error instanceof CommandFailed &&
    /loop device.*(temporarily unavailable|busy|No such file)|failed to set ?up loop device/i.test(error.stderr)
  );
}

type Expected = Omit<Disk, 'device' | 'deviceNumber'>;

/** Returns what is mounted at a disk's path. @throws DomainError if it is not that disk */
export async function verifyDisk(node: Node, expected: Expected, signal?: AbortSignal): Promise<Disk> {
  const description = await scriptOnNode(node, scripts.describe, [expected.mountPath], { signal });
  return readDisk(description, expected);
}

/** Returns the comparison of {@link verifyDisk}: pure, given the output of describe-disk.sh. */
export function readDisk(description: string, expected: Expected): Disk {
  const [mountLine = '', ...rest] = description.split('\n');
  const facts = Object.fromEntries(
    rest.filter(Boolean).map((line) => [line.split(' ', 1)[0], line.slice(line.indexOf(' ') + 1)]),
  );
  const mount = parseMountinfo(mountLine)[0];
  const differences: string[] = [];
  if (mount === undefined) {
    differences.push('nothing is mounted there: it is a plain directory on the node’s root file system');
  } else {
    if (mount.device === facts.rootDevice) differences.push(`it is on the node's root device ${mount.device}`);
    if (mount.fileSystem !== expected.fileSystem)
      differences.push(`file system ${mount.fileSystem}, wanted ${expected.fileSystem}`);
    if (mount.root !== '/') differences.push(`a bind mount of directory ${mount.root}, not a whole file system`);
    if (mount.options.includes('ro'))
      differences.push('it is mounted read-only: the device is, or nothing else worked');
    const deviceBytes = Number(facts.sectors ?? Number.NaN) * 512;
    if (deviceBytes !== expected.bytes) differences.push(`device of ${deviceBytes} bytes, wanted ${expected.bytes}`);
    // The kernel shows the path on the host's side of the /var volume; its end is ours.
    const tail = expected.backingFile.replace(/^\/var/, '');
    if (!facts.backing?.endsWith(tail)) differences.push(`backing file ${facts.backing ?? 'none'}, wanted …${tail}`);
    if (facts.autoclear !== '1') differences.push('the loop device would outlive the node (autoclear is off)');
  }
  if (mount === undefined || differences.length > 0) {
    throw new DomainError({
      attempted: `verifying the disk ${expected.name}`,
      on: `${expected.mountPath} of ${expected.node}`,
      seen: differences.join('\n'),
      why: 'specs on this path would write to another place than the disk and prove nothing',
      remedy: 'create the cluster again; to look first: run with --keep=failure, then `findmnt` on the node',
    });
  }
  return { ...expected, device: mount.source, deviceNumber: mount.device };
}

/**
 * Removes everything on a disk except ext4's lost+found.
 * @throws CommandFailed if the path is not that disk
 */
export async function wipeDisk(
  node: Node,
  disk: Pick<Disk, 'mountPath' | 'deviceNumber'>,
  signal?: AbortSignal,
): Promise<void> {
  await scriptOnNode(node, scripts.wipe, [disk.mountPath, disk.deviceNumber], { signal });
}

/** Unmounts a disk, proves that the kernel has released its loop device, and removes its files. */
export async function removeDisk(
  node: Node,
  disk: Pick<Disk, 'backingFile' | 'mountPath'>,
  signal?: AbortSignal,
): Promise<void> {
  await scriptOnNode(node, scripts.remove, [disk.backingFile, disk.mountPath, mountUnitName(disk.mountPath)], {
    signal,
  });
}
