import {
  type ClaimHandle,
  type ClassHandle,
  type DiskVolume,
  describeMounts,
  evidence,
  expect,
  firstAndSecondNode,
  firstNode,
  hostnameOf,
  leaseClusterDisk,
  leaseVolume,
  onNode,
  type PodHandle,
  readInPod,
  type SpecNamespace,
  secondNode,
  testCluster,
  thirdNode,
  tryInPod,
  type VolumeHandle,
} from '../harness/index.ts';

// The scenario's node1, node2 and node3 are the nodes of the run by their roles: on a cluster of ours they have these names.

/** The scenario's three disks: volA of node1 and node2, volB of node3. */
export interface SeedDisks extends AsyncDisposable {
  onNode1: DiskVolume;
  onNode2: DiskVolume;
  onNode3: DiskVolume;
}

/**
 * Leases the disks of disks.yaml, at the very paths of the scenario, for specs that have them exclusively. A cluster that
 * is lent has none: there these are disks like them.
 */
export async function leaseSeedDisks(): Promise<SeedDisks> {
  const { lent } = (await testCluster()).facts;
  return lent ? await leaseDisksLikeSeed() : await leaseThree((node, at) => leaseClusterDisk(node, `/mnt/disks/${at}`));
}

/** Leases three disks of the spec's own, on the nodes and of the size of the scenario's. */
export function leaseDisksLikeSeed(): Promise<SeedDisks> {
  return leaseThree((node, at) => leaseVolume(node, 'LOOP', { bytes: 128 * 2 ** 20, at }));
}

async function leaseThree(
  lease: (node: string, at: string) => Promise<DiskVolume & AsyncDisposable>,
): Promise<SeedDisks> {
  const leases = [lease(firstNode(), 'volA'), lease(secondNode(), 'volA'), lease(thirdNode(), 'volB')] as const;
  const [onNode1, onNode2, onNode3] = await Promise.all(leases).catch(async (error) => {
    // The leases that succeeded are ended.
    const settled = await Promise.allSettled(leases);
    for (const lease of settled) if (lease.status === 'fulfilled') await lease.value[Symbol.asyncDispose]();
    throw error;
  });
  return {
    onNode1: onNode1,
    onNode2: onNode2,
    onNode3: onNode3,
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
} as const;

/** Applies volume A, at the path of the scenario's disks where they are leased. */
export function applyVolumeA(namespace: SpecNamespace, disks?: SeedDisks): Promise<VolumeHandle> {
  return namespace.apply('PersistentVolume', fixtures.volumeA, ({ spec }) => {
    if (disks) spec.local.path = disks.onNode1.path;
    byRoles(spec.nodeAffinity?.required);
  });
}

/** Applies volume B, at the path of the scenario's disks where they are leased. */
export function applyVolumeB(namespace: SpecNamespace, disks?: SeedDisks): Promise<VolumeHandle> {
  return namespace.apply('PersistentVolume', fixtures.volumeB, ({ spec }) => {
    if (disks) spec.local.path = disks.onNode3.path;
    byRoles(spec.nodeAffinity?.required);
  });
}

/** Applies the pod that must run on node2: by a selector or by node affinity. */
export function applyPod(
  namespace: SpecNamespace,
  by: 'selector' | 'affinity',
  name = 'example-pod',
): Promise<PodHandle> {
  const fixture = by === 'selector' ? fixtures.podBySelector : fixtures.podByAffinity;
  return namespace.apply('Pod', fixture, ({ metadata, spec }) => {
    metadata.name = name;
    if (spec.nodeSelector) spec.nodeSelector = { 'kubernetes.io/hostname': hostnameOf(secondNode()) };
    byRoles(spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
  });
}

/** Lets terms of a fixture mean the run's nodes. */
function byRoles(selector: { nodeSelectorTerms: { matchExpressions?: Expression[] }[] } | undefined): void {
  const nodes: Record<string, string> = { node1: firstNode(), node2: secondNode(), node3: thirdNode() };
  for (const term of selector?.nodeSelectorTerms ?? [])
    term.matchExpressions = (term.matchExpressions ?? []).map(({ key, operator, values = [] }) =>
      key === 'diskType'
        ? firstAndSecondNode()
        : { key, operator, values: values.map((value) => hostnameOf(nodes[value] ?? value)) },
    );
}

interface Expression {
  key: string;
  operator: string;
  values?: string[];
}

/** Applies the scenario: class, both volumes, claim. */
export async function applySeed(namespace: SpecNamespace, disks?: SeedDisks): Promise<SeedObjects> {
  const storageClass = await namespace.apply('StorageClass', fixtures.storageClass);
  const volumeA = await applyVolumeA(namespace, disks);
  const volumeB = await applyVolumeB(namespace, disks);
  const claim = await namespace.apply('PersistentVolumeClaim', fixtures.claim);
  return { storageClass, volumeA, volumeB, claim };
}

/**
 * Applies the scenario and its pod, and waits until the claim is bound to volume A and the pod is Ready on node2.
 */
export async function startSeed(namespace: SpecNamespace, disks: SeedDisks): Promise<SeedObjects & { pod: PodHandle }> {
  const objects = await applySeed(namespace, disks);
  const pod = await applyPod(namespace, 'selector');
  await expect(objects.claim).to.bindTo(objects.volumeA);
  await expect(pod).to.runOn(secondNode());
  return { ...objects, pod };
}

/**
 * Applies the scenario in the order that shows the binding mode: volume B and the claim; then, once `settled` resolves,
 * volume A and the pod that must run on node2.
 */
export async function applyInBindingOrder(
  namespace: SpecNamespace,
  { volumeBindingMode, disks }: { volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer'; disks?: SeedDisks },
  settled: (claim: ClaimHandle, volumeB: VolumeHandle) => Promise<void>,
): Promise<SeedObjects & { pod: PodHandle }> {
  const storageClass = await namespace.apply('StorageClass', fixtures.storageClass, (manifest) => {
    manifest.volumeBindingMode = volumeBindingMode;
  });
  const volumeB = await applyVolumeB(namespace, disks);
  const claim = await namespace.apply('PersistentVolumeClaim', fixtures.claim);
  await settled(claim, volumeB);
  const volumeA = await applyVolumeA(namespace, disks);
  const pod = await applyPod(namespace, 'affinity');
  return { storageClass, volumeA, volumeB, claim, pod };
}

/**
 * Tries to write a file of that many bytes and to have it on the disk. Returns what dd printed on standard error.
 * @throws Error where the write succeeds
 */
export async function cannotWrite(pod: PodHandle, path: string, bytes: number): Promise<string> {
  const count = Math.ceil(bytes / 65_536);
  const argv = ['dd', 'if=/dev/zero', `of=${path}`, 'bs=64k', `count=${count}`, 'conv=fsync'];
  const { status, stderr } = await tryInPod(pod, argv);
  if (status === 0) throw new Error(`${bytes} bytes were written to ${path}, although its disk is full`);
  return stderr;
}

/** Keeps where a volume is mounted: the chain in short, and the whole mountinfo of the node and of the container. */
export async function keepMounts(pod: PodHandle, volume: VolumeHandle, disk: DiskVolume, path: string): Promise<void> {
  const { node } = await testCluster();
  evidence.keep('mount-chain', describeMounts(await expect(pod).to.mount(volume, { path, from: disk })));
  await keepDisk(disk);
  evidence.keep('mountinfo-node', await onNode(node(disk.node), ['cat', '/proc/1/mountinfo']));
  evidence.keep('mountinfo-container', await readInPod(pod, '/proc/self/mountinfo'));
}

/** Keeps a disk as its node shows it: mount, file system and loop device. */
export async function keepDisk(disk: DiskVolume): Promise<void> {
  const { node } = await testCluster();
  const place = node(disk.node);
  const findmnt = await onNode(place, ['findmnt', '--output-all', '--pairs', '--mountpoint', disk.path]);
  const stat = await onNode(place, ['stat', '--file-system', disk.path]);
  const loop = await onNode(place, ['losetup', '--list', disk.device]);
  evidence.keep(`disk-${disk.node}-${disk.name}`, [findmnt, stat, loop].join('\n'));
}
