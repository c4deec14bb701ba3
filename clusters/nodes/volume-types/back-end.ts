import type { Progress } from '../../text/progress.ts';
import type { Node } from '../node.ts';

/** A way to come by a place for a local PersistentVolume: a disk of its own, memory, or a directory. */
export interface DiskBackEnd {
  /** As the catalogue's matrix calls it, such as `TMPFS`. */
  key: string;
  /** The features (specs/catalogue/features.ts) that a cluster must have for it. */
  features: readonly string[];
  volumeMode: 'Filesystem' | 'Block';
  /** Bytes below which it cannot be made; 0 where it has no size of its own. */
  leastBytes: number;
  /** Makes one on a node, and reads back what came of it. */
  make(node: Node, order: BackEndOrder): Promise<MadeDisk>;
}

/** What is asked of a back end. */
export interface BackEndOrder {
  run: string;
  /** New on its node: letters, digits and hyphens. */
  name: string;
  /** Its size, at least the back end's `leastBytes`; directories have none. */
  bytes: number;
  progress: Progress;
  signal?: AbortSignal;
}

/** What a back end has made on a node. */
export interface MadeDisk {
  /** Name of the node. */
  node: string;
  /** For `spec.local.path` of the PersistentVolume. */
  path: string;
  volumeMode: 'Filesystem' | 'Block';
  /** `major:minor` of the device that every mount of the volume shows; of a raw device, its own number. */
  deviceNumber: string;
  /**
   * The directory of the file system that every mount of the volume shows; null where a container gets the device
   * itself.
   */
  root: string | null;
  /** As mountinfo calls it, such as `ext4`; null where a container gets the device itself. */
  fileSystem: string | null;
  /** What is at the path before kubelet has done anything: files, or a device. */
  at: 'directory' | 'device';
  /** Takes it away; once it is gone, there is nothing to do. */
  remove(signal?: AbortSignal): Promise<void>;
}
