import { posix } from 'node:path';
import { DomainError } from '../errors/domain-error.ts';
import { type Mount, mountHolding, parseMountinfo } from './mountinfo.ts';
import { type Node, nodeScript, scriptOnNode } from './node.ts';

/** What a local PersistentVolume is made of: a directory, a mounted disk or a raw device at a path of a node. */
export interface NodeVolume {
  /** Its name on the node: letters, digits and hyphens. */
  name: string;
  /** Name of the node. */
  node: string;
  /** For `spec.local.path` of the PersistentVolume. */
  path: string;
  volumeMode: 'Filesystem' | 'Block';
  /** What is at the path before kubelet does anything: files, or a device. */
  kind: 'directory' | 'device';
  /** `major:minor` of the device that every mount of the volume shows; of a raw device, its own number. */
  deviceNumber: string;
  /**
   * The directory of the file system that every mount of the volume shows; null where a container gets the device
   * itself.
   */
  root: string | null;
  /** As mountinfo calls it, such as `ext4`; null where a container gets the device itself. */
  fileSystem: string | null;
}

/** A volume that is a disk: a loop device of its own, on a file of the node. */
export interface DiskVolume extends NodeVolume {
  /** Such as `/dev/loop3`. The kernel may give the disk another one after a restart of its node. */
  device: string;
  bytes: number;
  /** The file on the node that its bytes are in. */
  backingFile: string;
}

/** The mounts of a node, and what a bind mount of a path shows in them. */
export interface PathOnNode {
  mounts: Mount[];
  /** The mount that the path is on: at the path itself, or at a directory above it. */
  mount: Mount;
  deviceNumber: string;
  root: string;
  fileSystem: string;
}

const describe = nodeScript(import.meta.url, 'describe-path.sh');

/** Returns what a bind mount of a path of the node must show. Symbolic links are followed. */
export async function pathOnNode(node: Node, path: string, signal?: AbortSignal): Promise<PathOnNode> {
  return readDescription(await scriptOnNode(node, describe, [path], { signal }));
}

/** Returns the content of the output of describe-path.sh. */
export function readDescription(printed: string): PathOnNode {
  const end = printed.indexOf('\n');
  return pathIn(parseMountinfo(printed.slice(end + 1)), printed.slice(0, end));
}

/** Returns device, root and file system of a bind mount of `path`, which must not be a symbolic link. */
export function pathIn(mounts: Mount[], path: string): PathOnNode {
  const mount = mountHolding(mounts, path);
  if (!mount) {
    throw new DomainError({
      attempted: 'finding the file system of a directory',
      on: path,
      seen: `none of ${mounts.length} mounts leads to it`,
    });
  }
  const root = posix.join(mount.root, posix.relative(mount.mountPoint, path));
  return { mounts, mount, deviceNumber: mount.device, root, fileSystem: mount.fileSystem };
}
