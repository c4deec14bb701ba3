import type { Disk } from '../../clusters/nodes/disk.ts';
import type { ManifestOf } from '../../fixtures/schema.ts';
import {
  type ClaimHandle,
  type ClassHandle,
  expect,
  leaseDisk,
  type PodHandle,
  type SpecNamespace,
  type VolumeHandle,
} from '../harness/index.ts';

/** The scenario's three disks: volA of node1 and node2, volB of node3. */
export interface SeedDisks extends AsyncDisposable {
  onNode1: Disk;
  onNode2: Disk;
  onNode3: Disk;
}

/** Leases the scenario's disks. */
export async function leaseSeedDisks(): Promise<SeedDisks> {
  const leases = [
    leaseDisk('node1', '/mnt/disks/volA'),
    leaseDisk('node2', '/mnt/disks/volA'),
    leaseDisk('node3', '/mnt/disks/volB'),
  ] as const;
  const [onNode1, onNode2, onNode3] = await Promise.all(leases).catch(async (error) => {
    // Those that were had are given back.
    const settled = await Promise.allSettled(leases);
    for (const lease of settled) if (lease.status === 'fulfilled') await lease.value[Symbol.asyncDispose]();
    throw error;
  });
  return {
    onNode1: onNode1.disk,
    onNode2: onNode2.disk,
    onNode3: onNode3.disk,
    async [Symbol.asyncDispose]() {
      await Promise.all([onNode1, onNode2, onNode3].map((lease) => lease[Symbol.asyncDispose]()));
    },
  };
}

/** The scenario's objects: what a user applies before there is a pod. */
export interface SeedObjects {
  storageClass: ClassHandle;
  volumeA: VolumeHandle;
  volumeB: VolumeHandle;
  claim: ClaimHandle;
}

export const fixtures = {
  storageClass: 'scenario/storage-class.yaml',
  volumeA: 'scenario/persistent-volume-a.yaml',
  volumeB: 'scenario/persistent-volume-b.yaml',
  capitals: 'scenario/persistent-volume-capitals.yaml',
  claim: 'scenario/claim.yaml',
  podBySelector: 'scenario/pod-on-node2-by-selector.yaml',
  podByAffinity: 'scenario/pod-on-node2-by-affinity.yaml',
  reader: 'scenario/pod-reader.yaml',
} as const;

/** Applies the scenario: class, both volumes, claim. */
export async function applySeed(namespace: SpecNamespace): Promise<SeedObjects> {
  const storageClass = await namespace.storageClass(fixtures.storageClass);
  const volumeA = await namespace.volume(fixtures.volumeA);
  const volumeB = await namespace.volume(fixtures.volumeB);
  const claim = await namespace.claim(fixtures.claim);
  return { storageClass, volumeA, volumeB, claim };
}

/**
 * Plays the scenario to its good end: the pod that must run on node2 is Ready there, with the claim bound to volume A.
 */
export async function playSeed(namespace: SpecNamespace): Promise<SeedObjects & { pod: PodHandle }> {
  const objects = await applySeed(namespace);
  const pod = await namespace.pod(fixtures.podBySelector);
  await expect(objects.claim).to.bindTo(objects.volumeA);
  await expect(pod).to.runOn('node2');
  return { ...objects, pod };
}

/**
 * Applies the scenario in the order that decides it: volume B, the claim, and when the class has had its say about the
 * claim, volume A and the pod that must run on node2. The binding mode is the only thing that a caller chooses.
 */
export async function playBindingOrder(
  namespace: SpecNamespace,
  volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer',
  settled: (claim: ClaimHandle, volumeB: VolumeHandle) => Promise<void>,
): Promise<SeedObjects & { pod: PodHandle }> {
  const storageClass = await namespace.storageClass(fixtures.storageClass, (manifest) => {
    manifest.volumeBindingMode = volumeBindingMode;
  });
  const volumeB = await namespace.volume(fixtures.volumeB);
  const claim = await namespace.claim(fixtures.claim);
  await settled(claim, volumeB);
  const volumeA = await namespace.volume(fixtures.volumeA);
  const pod = await namespace.pod(fixtures.podByAffinity);
  return { storageClass, volumeA, volumeB, claim, pod };
}

/** A volume and a claim that name each other, for specs that are not about how they find each other. */
export interface BoundPair {
  volume: VolumeHandle;
  claim: ClaimHandle;
}

/** Makes a PersistentVolume at a path of a node, and a claim for it. */
export async function bindPair(
  namespace: SpecNamespace,
  name: string,
  at: { node: string; path: string },
): Promise<BoundPair> {
  const volume = await namespace.volume(fixtures.volumeB, (manifest) => {
    manifest.metadata.name = name;
    manifest.spec.local.path = at.path;
    manifest.spec.nodeAffinity = {
      required: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [at.node] }] },
        ],
      },
    };
  });
  const claim = await namespace.claim(fixtures.claim, (manifest) => {
    manifest.metadata.name = name;
    manifest.spec.volumeName = name;
  });
  return { volume, claim };
}

/** Makes the reader pod for a claim; `node` pins it by its hostname label. */
export function podFor(
  namespace: SpecNamespace,
  claimName: string,
  pod: { name: string; node?: string },
): Promise<PodHandle> {
  return namespace.pod(fixtures.reader, (manifest: ManifestOf<'Pod'>) => {
    manifest.metadata.name = pod.name;
    if (pod.node !== undefined) manifest.spec.nodeSelector = { 'kubernetes.io/hostname': pod.node };
    for (const volume of manifest.spec.volumes ?? []) {
      if (volume.persistentVolumeClaim) volume.persistentVolumeClaim.claimName = claimName;
    }
  });
}
