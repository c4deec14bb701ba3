import { randomUUID } from 'node:crypto';
import type { Node } from './node.ts';
import type { NodeVolume } from './node-volume.ts';
import {
  type Made,
  makeDirectory,
  makeMountedDisk,
  makeRawDevice,
  mountPath,
  type VolumeOrder,
} from './volume-makers.ts';

/** A kind of place for a local PersistentVolume: a disk of its own, memory, or a directory. */
export interface VolumeType {
  /** The features (specs/catalogue/features.ts) that a cluster must have for it. */
  features: readonly string[];
  /** The smallest size in bytes; 0 if it has no size of its own. */
  leastBytes: number;
  /** Creates one on a node, and returns it as read back. */
  make(node: Node, order: VolumeOrder): Promise<Made<NodeVolume>>;
}

const MiB = 2 ** 20;

/** Every volume type, by the key that the catalogue's matrix has for it. */
export const volumeTypes = {
  /** A directory of the node's root file system: no disk of its own. */
  DIR: {
    features: [],
    leastBytes: 0,
    make: (node, order) => makeDirectory(node, order, { directory: mountPath(node, order), mount: 'plain' }),
  },
  /** A symbolic link to a directory. */
  DIRLINK: {
    features: [],
    leastBytes: 0,
    make: (node, order) => makeDirectory(node, order, linked(mountPath(node, order), 'plain')),
  },
  /** A directory that is bind-mounted onto itself: a mount point, but no disk of its own. */
  DIRBIND: {
    features: [],
    leastBytes: 0,
    make: (node, order) => makeDirectory(node, order, { directory: mountPath(node, order), mount: 'bound' }),
  },
  /** A symbolic link to a directory that is bind-mounted onto itself. */
  DIRLINKBIND: {
    features: [],
    leastBytes: 0,
    make: (node, order) => makeDirectory(node, order, linked(mountPath(node, order), 'bound')),
  },
  /**
   * A directory on the device that kubelet's root folder is on: what is mounted from it has the same device number as the
   * directory it is mounted at, so that comparing those numbers does not say whether anything is mounted.
   */
  VARDIR: {
    features: [],
    leastBytes: 0,
    make: (node, order) => {
      const directory = `${node.places.files}/${order.run}/${order.name}-directory`;
      return makeDirectory(node, order, { directory, mount: 'plain' });
    },
  },
  /** Memory, mounted at a directory. */
  TMPFS: {
    features: ['tmpfs'],
    leastBytes: MiB,
    make: (node, order) =>
      makeDirectory(node, order, { directory: mountPath(node, order), mount: { tmpfs: order.bytes } }),
  },
  /** A disk with ext4, mounted by hand: the usual local volume. */
  LOOP: {
    features: [],
    leastBytes: 8 * MiB,
    make: (node, order) => makeMountedDisk(node, order, { fileSystem: 'ext4' }),
  },
  /** A disk with xfs, mounted by hand. Its file is sparse: of the 300 MiB that mkfs.xfs needs, little is written. */
  XFS: {
    features: ['xfs'],
    leastBytes: 300 * MiB,
    make: (node, order) => makeMountedDisk(node, order, { fileSystem: 'xfs' }),
  },
  /** A disk mounted at a path that its file system's UUID names, so that no other disk is ever taken for it. */
  UUID: {
    features: [],
    leastBytes: 8 * MiB,
    make: (node, order) => {
      const uuid = randomUUID();
      return makeMountedDisk(node, { ...order, path: `${node.places.disks}/${uuid}` }, { fileSystem: 'ext4', uuid });
    },
  },
  /** A disk without a file system, which kubelet formats with ext4 and mounts for the first pod. */
  FORMAT: {
    features: ['device-format'],
    leastBytes: 8 * MiB,
    make: (node, order) => makeRawDevice(node, order, { volumeMode: 'Filesystem', root: '/', fileSystem: 'ext4' }),
  },
  /** A disk without a file system, which a container gets as a device. */
  BLOCK: {
    features: ['block'],
    leastBytes: MiB,
    make: (node, order) => makeRawDevice(node, order, { volumeMode: 'Block', root: null, fileSystem: null }),
  },
} as const satisfies Record<string, VolumeType>;

/** The key of a volume type, such as `TMPFS`. */
export type VolumeTypeKey = keyof typeof volumeTypes;

/** What a volume type makes: disks have a device and a size. */
export type VolumeOf<Key extends VolumeTypeKey> = Awaited<ReturnType<(typeof volumeTypes)[Key]['make']>>;

function linked<Mount extends 'plain' | 'bound'>(directory: string, mount: Mount) {
  return { directory, mount, link: `${directory}-link` };
}
