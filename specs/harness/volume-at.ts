import { type Mount, mountAt, parseMountinfo } from '../../clusters/nodes/mountinfo.ts';
import { nodeMounts, onNode } from '../../clusters/nodes/node.ts';
import type { DiskBackEnd, MadeDisk } from '../../clusters/nodes/volume-types/back-end.ts';
import { backEnds } from '../../clusters/nodes/volume-types/index.ts';
import type { ManifestOf } from '../../fixtures/schema.ts';
import { assignedNode } from '../runner/current-spec.ts';
import { evidence } from '../runner/evidence.ts';
import type { Chapter } from '../runner/registry.ts';
import { testCluster } from '../runner/test-cluster.ts';
import { expect } from './expect.ts';
import type { ClaimHandle, PodHandle, VolumeHandle } from './handles.ts';
import { podVolumeDirectory, stagedDirectory } from './mounts.ts';
import { boundPair, localClass, podWith } from './parts.ts';
import { readInPod } from './pod-commands.ts';
import type { SpecNamespace } from './spec-namespace.ts';

/** The spec of a case of the catalogue's matrix, for one of the types. It plays on the node that the run gives it. */
export type CaseProof = (backEnd: DiskBackEnd, nodeName: string) => Promise<void>;

/** Declares the specs of a case of the matrix: one for each of its types with that volume mode. */
export function provesCase(
  { requirements, proves }: Chapter,
  number: number,
  volumeMode: DiskBackEnd['volumeMode'],
  proof: CaseProof,
): void {
  for (const { id, pair } of requirements) {
    if (pair?.case !== number) continue;
    const backEnd = backEndOf(pair.type);
    if (backEnd.volumeMode !== volumeMode) continue;
    proves(id, () => proof(backEnd, assignedNode()));
  }
}

/** The back end with that key. */
export function backEndOf(key: string): DiskBackEnd {
  const found = backEnds.find((backEnd) => backEnd.key === key);
  if (found) return found;
  throw new Error(`clusters/nodes/back-ends has no ${key}`);
}

type VolumeChange = (manifest: ManifestOf<'PersistentVolume'>) => void;
type ClaimChange = (manifest: ManifestOf<'PersistentVolumeClaim'>) => void;

/** Makes the class, a volume at a back end's disk, and a claim that is bound to it. */
export async function pairAt(
  namespace: SpecNamespace,
  disk: MadeDisk,
  { name = 'data', ...change }: { name?: string; volume?: VolumeChange; claim?: ClaimChange } = {},
): Promise<{ volume: VolumeHandle; claim: ClaimHandle }> {
  if (name === 'data') await localClass(namespace);
  const { volumeMode } = disk;
  const pair = await boundPair(namespace, name, disk, {
    volume: (manifest) => {
      manifest.spec.volumeMode = volumeMode;
      change.volume?.(manifest);
    },
    claim: (manifest) => {
      manifest.spec.volumeMode = volumeMode;
      change.claim?.(manifest);
    },
  });
  // A pod that comes before would be called unschedulable once, and wait a second for its next try.
  await expect(pair.claim).to.bindTo(pair.volume);
  return pair;
}

/** The user, and its group, that the processes of a container run as. */
export function runAs(container: ManifestOf<'Pod'>['spec']['containers'][number], user: number): void {
  container.securityContext = { ...container.securityContext, runAsUser: user, runAsGroup: user };
}

/** Makes a pod that has the claim's volume as the device `/dev/data`. */
export function podWithDevice(
  namespace: SpecNamespace,
  name: string,
  claim: ClaimHandle,
  change: (manifest: ManifestOf<'Pod'>) => void = () => {},
): Promise<PodHandle> {
  return podWith(namespace, name, [claim], {}, (manifest) => {
    for (const container of manifest.spec.containers) {
      delete container.volumeMounts;
      container.volumeDevices = [{ name: 'data', devicePath: '/dev/data' }];
    }
    change(manifest);
  });
}

/** Where the files of a volume are on its node, while a pod uses it. */
export function filesOnNode(disk: MadeDisk, volume: VolumeHandle): string {
  return disk.at === 'directory' ? disk.path : stagedDirectory(volume.name);
}

/** The mounts of a volume at both ends. */
export interface BothEnds {
  /** kubelet's directory for the volume of this pod, on the node. */
  kubelet: Mount;
  /** The path in the container, as the container's own process sees it. */
  container: Mount;
}

/**
 * Proves that kubelet's directory and the container's path are mounts of the disk: its device number, its directory and
 * its file system. The lines are kept as evidence.
 */
export async function mountedFrom(
  disk: MadeDisk,
  pod: PodHandle,
  volume: VolumeHandle,
  path = '/data',
): Promise<BothEnds> {
  const { node } = await testCluster();
  const [onItsNode, inside] = await Promise.all([nodeMounts(node(disk.node)), containerMounts(pod)]);
  const directory = podVolumeDirectory(pod.now.metadata.uid, volume.name);
  const ends = { kubelet: mountAt(onItsNode, directory), container: mountAt(inside, path) };
  evidence.keep(`mounts-of-${pod.name}`, { disk, ...ends });
  for (const [end, mount] of Object.entries(ends)) {
    expect(mount && { deviceNumber: mount.device, root: mount.root, fileSystem: mount.fileSystem }, end).to.deep.equal({
      deviceNumber: disk.deviceNumber,
      root: disk.root,
      fileSystem: disk.fileSystem,
    });
  }
  return ends as BothEnds;
}

/** The mounts that a container of a pod sees. */
export async function containerMounts(pod: PodHandle, container?: string): Promise<Mount[]> {
  return parseMountinfo(await readInPod(pod, '/proc/self/mountinfo', container === undefined ? {} : { container }));
}

/** The mounts that kubelet has made for a pod and not taken away, whatever they are of. */
export async function mountsLeftOf(podUid: string, nodeName: string): Promise<Mount[]> {
  const { node } = await testCluster();
  return (await nodeMounts(node(nodeName))).filter(({ mountPoint }) => mountPoint.includes(podUid));
}

/** Group and mode of a file or directory on a node, such as `1234 2775`. */
export async function groupAndMode(nodeName: string, path: string): Promise<string> {
  const { node } = await testCluster();
  return (await onNode(node(nodeName), ['stat', '-L', '-c', '%g %a', path])).trim();
}
