/** One directory of a node whose entries are volumes of one class. */
export interface ClassDirectory {
  /** Name of the StorageClass in the cluster. Its reclaim policy and mount options become those of the volumes. */
  storageClass: string;
  /** The directory on the node, such as /mnt/fast-disks. */
  directory: string;
  /** What the volumes are to be. `Filesystem` where not given. */
  volumeMode?: 'Filesystem' | 'Block';
}

/** What a static provisioner of one node has to do. */
export interface Provision {
  classes: readonly ClassDirectory[];
  /** Labels that every volume gets. */
  labels?: Readonly<Record<string, string>>;
  /** Key of a taint that keeps pods off the node until its disks are offered; it is taken off after the first look. */
  startupTaint?: string;
}

/**
 * What the machines of a cluster run so that nobody has to write PersistentVolumes for disks by hand: it offers each
 * disk that is mounted in a directory, empties what was released, and offers it anew. One runs on each node.
 */
export interface StaticProvisioner extends AsyncDisposable {
  /** How its volumes name it, in the annotation `pv.kubernetes.io/provisioned-by`. */
  readonly name: string;
  /**
   * Has it look at the directories and at the volumes. What it does about them is seen in the cluster, at the end of
   * this call or later: one that runs on its own looks when it likes.
   */
  look(): Promise<void>;
  /** What it has said so far, a line each. */
  said(): Promise<readonly string[]>;
}

/** The annotation that says which provisioner a volume is of. */
export const provisionedBy = 'pv.kubernetes.io/provisioned-by';

/**
 * The name of the provisioner of a node; not that of Kubernetes itself, so that its controllers leave the volumes
 * alone.
 */
export function provisionerName(node: string): string {
  return `local-volume-provisioner-${node}`;
}
