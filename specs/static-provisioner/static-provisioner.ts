/** One directory of a node whose entries are volumes of one class. */
export interface ClassDirectory {
  /** Name of the StorageClass in the cluster. Its reclaim policy and mount options become those of the volumes. */
  storageClass: string;
  /** The directory on the node, such as /mnt/fast-disks. */
  directory: string;
  /** The mode of the volumes, `Filesystem` by default. */
  volumeMode?: 'Filesystem' | 'Block';
}

/** The task of a static provisioner of one node. */
export interface Provision {
  classes: readonly ClassDirectory[];
  /** Labels of every volume. */
  labels?: Readonly<Record<string, string>>;
  /** Key of a taint that keeps pods off the node until its disks are offered. The first look removes it. */
  startupTaint?: string;
}

/**
 * Creates PersistentVolumes for the disks of a node, so that they need not be written by hand. It offers each disk that
 * is mounted in a directory, empties released disks, and offers them again. One runs on each node.
 */
export interface StaticProvisioner extends AsyncDisposable {
  /** The name in its volumes' annotation `pv.kubernetes.io/provisioned-by`. */
  readonly name: string;
  /**
   * Makes it check the directories and the volumes. The results appear in the cluster at the end of this call or later:
   * a provisioner that runs on its own checks at its own pace.
   */
  look(): Promise<void>;
  /** Returns its log so far, one line each. */
  said(): Promise<readonly string[]>;
}

/** The annotation that names the provisioner of a volume. */
export const provisionedBy = 'pv.kubernetes.io/provisioned-by';

/**
 * Returns the name of the provisioner of a node. It is not a name of Kubernetes itself, so that its controllers leave
 * the volumes alone.
 */
export function provisionerName(node: string): string {
  return `local-volume-provisioner-${node}`;
}
