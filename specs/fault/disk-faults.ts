import { type Node, onNode } from '../../clusters/nodes/node.ts';
import type { DiskVolume } from '../../clusters/nodes/node-volume.ts';
import { once, testCluster } from '../harness/index.ts';

// Each of these does to a disk of the spec's own what happens to disks of machines, and undoes it at its end. Meanwhile
// the disk stays mounted at another path, so that its loop device is not given to another disk.

const apart = (disk: DiskVolume): string => `${disk.path}-apart`;

/** A disk that is not mounted at its path: an empty directory is there instead. */
export interface AbsentDisk extends AsyncDisposable {
  /** Mounts it again, and removes what was written to the empty directory meanwhile. */
  putBack(): Promise<void>;
}

/**
 * Unmounts a disk from its path. With `immutable`, the empty directory is one that not even root can write to
 * (chattr(1)), as a careful administrator makes mount points.
 */
export async function unmountDisk(disk: DiskVolume, directory: 'plain' | 'immutable' = 'plain'): Promise<AbsentDisk> {
  const node = (await testCluster()).node(disk.node);
  const take = 'mkdir "$2"; mount --bind "$1" "$2"; umount "$1"; [ "$3" = plain ] || chattr +i "$1"';
  await onNode(node, ['sh', '-ceu', take, 'sh', disk.path, apart(disk), directory]);
  const back = `
chattr -i "$1"
find "$1" -mindepth 1 -xdev -delete
mount --bind "$2" "$1"
umount "$2"
rmdir "$2"`;
  const putBack = once(async () => {
    await onNode(node, ['sh', '-ceu', back, 'sh', disk.path, apart(disk)]);
  });
  return { putBack, [Symbol.asyncDispose]: putBack };
}

/** Mounts two disks of a node each at the other's path, as a machine does whose disks came up in another order. */
export async function swapDisks(one: DiskVolume, other: DiskVolume): Promise<AsyncDisposable> {
  const node = (await testCluster()).node(one.node);
  const paths = [one.path, other.path, apart(one), apart(other)];
  const cross = `
mkdir "$3" "$4"
mount --bind "$1" "$3"
mount --bind "$2" "$4"
umount "$1"
umount "$2"
mount --bind "$4" "$1"
mount --bind "$3" "$2"`;
  const uncross = `
umount "$1"
umount "$2"
mount --bind "$3" "$1"
mount --bind "$4" "$2"
umount "$3"
umount "$4"
rmdir "$3" "$4"`;
  await onNode(node, ['sh', '-ceu', cross, 'sh', ...paths]);
  return {
    [Symbol.asyncDispose]: async () => {
      await onNode(node, ['sh', '-ceu', uncross, 'sh', ...paths]);
    },
  };
}

/**
 * Breaks a disk under its users: from now on its file system answers with EIO what it has not in memory, as that of a
 * disk that was pulled does. By ioctl(2) FS_IOC_SHUTDOWN, without writing the journal. Only `remount` heals it.
 */
export async function breakDisk(disk: DiskVolume): Promise<void> {
  const node = (await testCluster()).node(disk.node);
  // _IOR('X', 125, __u32) with EXT4_GOING_FLAGS_NOLOGFLUSH.
  const program =
    'open(my $root, "<", $ARGV[0]) or die $!; my $flags = pack("L", 2); ioctl($root, 0x8004587d, $flags) or die $!';
  await onNode(node, ['perl', '-e', program, disk.path]);
}

/** Unmounts a disk from its path and mounts it again, which reads it from the device where it has no other mount. */
export async function remount(disk: DiskVolume): Promise<void> {
  const node = (await testCluster()).node(disk.node);
  // The open device keeps the kernel from giving the loop device away between the two.
  const script = 'exec 3<"$1"; umount "$2"; mount -t "$3" "$1" "$2"';
  await onNode(node, ['sh', '-ceu', script, 'sh', disk.device, disk.path, disk.fileSystem ?? '']);
}

/** A mount below a volume, which must be unmounted before the volume can be. */
export interface NestedMount extends AsyncDisposable {
  unmount(): Promise<void>;
}

/** Mounts a file system in memory at a new directory of a node, and unmounts it at the end. */
export async function mountNested(node: Node, path: string): Promise<NestedMount> {
  await onNode(node, ['sh', '-ceu', 'mkdir "$1"; mount -t tmpfs -o size=1M nested "$1"', 'sh', path]);
  const unmount = once(async () => {
    await onNode(node, ['umount', path]);
  });
  return { unmount, [Symbol.asyncDispose]: unmount };
}

/** Waits, at most 90 s, until nothing is at a path of a node. kubelet removes a pod's directory and reports it nowhere. */
export async function pathGone(node: Node, path: string): Promise<void> {
  const wait = 'while [ -e "$1" ]; do sleep 0.2; done';
  const script = 'timeout 90 sh -c "$2" sh "$1" || { echo "$1 is still there after 90 s" >&2; exit 1; }';
  await onNode(node, ['sh', '-c', script, 'sh', path, wait], { deadline: 120_000 });
}

/** Keeps a directory of a node from being unmounted, by a process that works there, until it is disposed of. */
export async function keepBusy(node: Node, directory: string): Promise<AsyncDisposable> {
  const { facts } = await testCluster();
  const unit = `local-pv-conformance-${facts.run}-busy.service`;
  const options = ['--quiet', '--unit', unit, '--property', `WorkingDirectory=${directory}`] as const;
  await onNode(node, ['systemd-run', ...options, 'sleep', '600']);
  return {
    [Symbol.asyncDispose]: async () => {
      await onNode(node, ['systemctl', 'stop', unit]);
    },
  };
}

/** Unmounts and removes a directory of kubelet at the end, if it is there still. */
export function unmountedAtTheEnd(node: Node, directory: string): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      await onNode(node, [
        'sh',
        '-ceu',
        '! mountpoint -q "$1" || umount "$1"; [ ! -e "$1" ] || rmdir "$1"',
        'sh',
        directory,
      ]);
    },
  };
}
