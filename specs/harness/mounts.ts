import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { Disk } from '../../clusters/nodes/disk.ts';
import { type Mount, mountAt, parseMountinfo } from '../../clusters/nodes/mountinfo.ts';
import { nodeMounts } from '../../clusters/nodes/node.ts';
import { testCluster } from '../runner/test-cluster.ts';
import { final } from './eventually.ts';
import type { PodHandle, VolumeHandle } from './handles.ts';
import { readInPod } from './pod-commands.ts';

/** The same file system at the three places where a local volume is mounted, each as the kernel shows it there. */
export interface MountChain {
  /** The disk on its node. */
  disk: Mount;
  /** kubelet's directory for the volume of this pod, on the node. */
  kubelet: Mount;
  /** The path in the container, as the container's own process sees it. */
  container: Mount;
}

/**
 * The directory into which kubelet mounts a local volume for a pod. Source: pkg/volume/local, "kubernetes.io~local-
 * volume".
 */
export function podVolumeDirectory(podUid: string, volumeName: string): string {
  return `/var/lib/kubelet/pods/${podUid}/volumes/kubernetes.io~local-volume/${volumeName}`;
}

/**
 * Where kubelet mounts a device for all pods of a node, before it binds it for each. Source: pkg/volume/local,
 * "mounts".
 */
export function stagedDirectory(volumeName: string): string {
  return `/var/lib/kubelet/plugins/kubernetes.io/local-volume/mounts/${volumeName}`;
}

/**
 * Reads the mounts of a volume from the node and from inside the container.
 * @throws DomainError that names the place where nothing is mounted
 */
export async function mountChain(
  pod: PodHandle,
  volume: VolumeHandle,
  disk: Pick<Disk, 'node' | 'mountPath'>,
  containerPath: string,
): Promise<MountChain> {
  const { node } = await testCluster();
  const onNode = await nodeMounts(node(disk.node));
  const inContainer = parseMountinfo(await readInPod(pod, '/proc/self/mountinfo'));
  const directory = podVolumeDirectory(pod.now.metadata.uid, volume.name);
  return {
    disk: present(mountAt(onNode, disk.mountPath), `${disk.mountPath} of ${disk.node}`),
    kubelet: present(mountAt(onNode, directory), `${directory} of ${disk.node}`),
    container: present(mountAt(inContainer, containerPath), `${containerPath} in ${pod}`),
  };
}

function present(mount: Mount | undefined, place: string): Mount {
  if (mount) return mount;
  throw new DomainError(
    {
      attempted: 'reading where a local volume is mounted',
      on: place,
      seen: 'nothing is mounted there: what is written to it goes to the file system around it',
    },
    { exit: 'doesNotConform' },
  );
}

/** A chain as lines for people: place, device number, root, source, options. */
export function describeChain(chain: MountChain): string {
  return Object.entries(chain)
    .map(
      ([place, mount]: [string, Mount]) =>
        `${place.padEnd(9)} ${mount.device} ${mount.root} ${mount.mountPoint} ${mount.fileSystem} ${mount.source} ${mount.options.join(',')}`,
    )
    .join('\n');
}

/** Where a mount begins: the root of the file system that stands at a path of a node. */
type MountSource = Pick<Disk, 'node' | 'mountPath' | 'deviceNumber'>;

/** The container path, kubelet's directory and the disk are one and the same mounted file system. */
export async function mount(
  pod: PodHandle,
  volume: VolumeHandle,
  at: { path: string; from: MountSource },
): Promise<MountChain> {
  const chain = await mountChain(pod, volume, at.from, at.path);
  for (const [place, mounted] of Object.entries(chain)) {
    const same = mounted.device === at.from.deviceNumber && mounted.root === '/';
    if (!same)
      throw final(`${place} is not the root of the disk ${at.from.deviceNumber}`, { seen: describeChain(chain) });
  }
  return chain;
}
