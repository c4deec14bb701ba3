import { DomainError } from '../../clusters/errors/domain-error.ts';
import { type Mount, mountAt, parseMountinfo } from '../../clusters/nodes/mountinfo.ts';
import { nodeMounts, onNode } from '../../clusters/nodes/node.ts';
import { type NodeVolume, pathOnNode } from '../../clusters/nodes/node-volume.ts';
import { currentSpec, waitLimit } from '../runner/current-spec.ts';
import { evidence } from '../runner/evidence.ts';
import { testCluster } from '../runner/test-cluster.ts';
import { final } from './eventually.ts';
import type { PodHandle, VolumeHandle } from './handles.ts';
import { placesOf } from './nodes.ts';
import { readInPod } from './pod-commands.ts';

/** A volume's mounts at the three places where it is seen. */
export interface VolumeMounts {
  /** The mount on the node that the volume's path is on; of a raw device, kubelet's directory for all pods. */
  node: Mount;
  /** kubelet's directory for the volume of this pod, on the node. */
  kubelet: Mount;
  /** The path in the container, as the container's own process sees it. */
  container: Mount;
}

/** The volume that a pod is to have mounted, and where. */
export interface MountRequest {
  from: Pick<NodeVolume, 'node' | 'path' | 'kind' | 'deviceNumber' | 'root' | 'fileSystem'>;
  /** In the container; `/data` where not given. */
  path?: string;
  /** The first container where not given. */
  container?: string;
}

/**
 * Returns the directory into which kubelet mounts a local volume for a pod. Source: pkg/volume/local,
 * "kubernetes.io~local-volume".
 */
export function podVolumeDirectory(node: string, podUid: string, volumeName: string): string {
  return `${placesOf(node).kubelet}/pods/${podUid}/volumes/kubernetes.io~local-volume/${volumeName}`;
}

/**
 * Returns where kubelet mounts a device for all pods of a node, before it binds it for each. Source: pkg/volume/local,
 * "mounts".
 */
export function stagedDirectory(node: string, volumeName: string): string {
  return `${placesOf(node).kubelet}/plugins/kubernetes.io/local-volume/mounts/${volumeName}`;
}

/**
 * Returns where kubelet maps a raw device, for all pods of a node; each has a file of its own in it, by its UID. Source:
 * pkg/volume/local, GetGlobalMapPath.
 */
export function mappedDirectory(node: string, volumeName: string): string {
  return `${placesOf(node).kubelet}/plugins/kubernetes.io~local-volume/volumeDevices/${volumeName}`;
}

/**
 * Proves that the path on the node, kubelet's directory and the container's path are the same place of the same file
 * system: the volume's device number, root and file system. Returns the three mounts, and keeps them as evidence.
 */
export async function mount(
  pod: PodHandle,
  volume: VolumeHandle,
  { from, path = '/data', container }: MountRequest,
): Promise<VolumeMounts> {
  const { node } = await testCluster();
  const [place, inside] = await Promise.all([
    pathOnNode(node(from.node), filesOnNode(from, volume), currentSpec().signal),
    containerMounts(pod, container),
  ]);
  const directory = podVolumeDirectory(from.node, pod.now.metadata.uid, volume.name);
  const found = { node: place.mount, kubelet: mountAt(place.mounts, directory), container: mountAt(inside, path) };
  // Kept before anything is compared, with all fields of mountinfo, such as peer groups.
  evidence.keep(`mounts-of-${pod.name}`, { volume: from, ...found });
  const mounts: VolumeMounts = {
    node: found.node,
    kubelet: present(found.kubelet, `${directory} of ${from.node}`),
    container: present(found.container, `${path} in ${pod}`),
  };
  const wanted = described(from);
  const ends = {
    node: described(place),
    kubelet: described({ ...mounts.kubelet, deviceNumber: mounts.kubelet.device }),
    container: described({ ...mounts.container, deviceNumber: mounts.container.device }),
  };
  for (const [end, seen] of Object.entries(ends))
    if (seen !== wanted)
      throw final(`${end} is not a mount of ${from.path}: ${wanted}`, { seen: describeMounts(mounts) });
  return mounts;
}

function described({ deviceNumber, root, fileSystem }: Pick<NodeVolume, 'deviceNumber' | 'root' | 'fileSystem'>) {
  return `device ${deviceNumber}, root ${root}, file system ${fileSystem}`;
}

function present(found: Mount | undefined, place: string): Mount {
  if (found) return found;
  throw new DomainError(
    {
      attempted: 'reading where a local volume is mounted',
      on: place,
      seen: 'nothing is mounted there: what is written there goes to the file system around it',
    },
    { exit: 'doesNotConform' },
  );
}

/** Returns the mounts as lines for people: place, device number, root, mount point, file system, source, options. */
export function describeMounts(mounts: VolumeMounts): string {
  return Object.entries(mounts)
    .map(
      ([place, { device, root, mountPoint, fileSystem, source, options }]: [string, Mount]) =>
        `${place.padEnd(9)} ${device} ${root} ${mountPoint} ${fileSystem} ${source} ${options.join(',')}`,
    )
    .join('\n');
}

/** Returns where the files of a volume are on its node, while a pod uses it. */
export function filesOnNode(
  { node, kind, path }: Pick<NodeVolume, 'node' | 'kind' | 'path'>,
  volume: VolumeHandle,
): string {
  return kind === 'directory' ? path : stagedDirectory(node, volume.name);
}

/** Returns the mounts that a container of a pod sees. */
export async function containerMounts(pod: PodHandle, container?: string): Promise<Mount[]> {
  return parseMountinfo(await readInPod(pod, '/proc/self/mountinfo', container === undefined ? {} : { container }));
}

/** Returns the mount points of a node that have this text in them, such as the UID of a pod that is gone. */
export async function mountPointsWith(nodeName: string, text: string): Promise<string[]> {
  const { node } = await testCluster();
  const mounts = await nodeMounts(node(nodeName), currentSpec().signal);
  return mounts.map(({ mountPoint }) => mountPoint).filter((mountPoint) => mountPoint.includes(text));
}

/**
 * Waits until nothing is mounted at a path of a node. kubelet unmounts a device for all pods after the last pod object
 * is gone, and reports it nowhere: a command on the node follows the mount table. Waits for at most 90 s.
 */
export async function unmounted(nodeName: string, path: string): Promise<void> {
  const { node } = await testCluster();
  const script = 'until ! mountpoint -q "$1"; do findmnt --poll --timeout 500 --first-only >/dev/null || true; done';
  const within = waitLimit(90_000);
  const seconds = String(within / 1000);
  const limited = 'timeout "$2" sh -c "$3" sh "$1" || { echo "$1 is still mounted after $2 s" >&2; exit 1; }';
  await onNode(node(nodeName), ['sh', '-c', limited, 'sh', path, seconds, script], {
    deadline: within + 30_000,
    signal: currentSpec().signal,
  });
}
