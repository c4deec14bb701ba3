import {
  absentDisk,
  assignedNode,
  type ClaimHandle,
  controllerLookedAgain,
  eventually,
  evidence,
  expect,
  freeSpace,
  growBlockDevice,
  leaseVolume,
  mountAt,
  nodeMounts,
  type PodHandle,
  quantityToBytes,
  readChapter,
  runInPod,
  SpecNamespace,
  stagedDirectory,
  triggerResync,
  unmounted,
  type VolumeHandle,
  writeChecked,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('lifecycle');

const MiB = 2 ** 20;

const expandable = (namespace: SpecNamespace) =>
  namespace.storageClass('WaitForFirstConsumer', {
    change: (manifest) => {
      manifest.allowVolumeExpansion = true;
    },
  });

/** What its user does: asks for more. */
async function askForMore(namespace: SpecNamespace, claim: ClaimHandle, storage: string): Promise<void> {
  const change = { spec: { resources: { requests: { storage } } } };
  await namespace.cluster.client.patch(claim.ref, { type: 'merge', change });
  await eventually(
    claim,
    `${claim} to ask for ${storage}`,
    (store) => store.get(claim.ref)?.spec?.resources?.requests?.storage === storage,
  );
}

/** What an administrator, or an external controller, does: says that the volume has more. */
async function raiseVolume(namespace: SpecNamespace, volume: VolumeHandle, storage: string): Promise<void> {
  await namespace.cluster.client.patch(volume.ref, { type: 'merge', change: { spec: { capacity: { storage } } } });
}

/** kubelet compares the sizes when it looks at the pod again: after a minute or so, or when the pod has changed. */
async function triggerPodSync(namespace: SpecNamespace, pod: PodHandle): Promise<void> {
  const change = { metadata: { annotations: { 'local-pv-conformance/look': 'again' } } };
  await namespace.cluster.client.patch(pod.ref, { type: 'merge', change });
}

/** Returns the bytes of a file system, as a pod sees it. */
const sizeOf = ({
  blocks = Number.NaN,
  blockSize = Number.NaN,
}: {
  blocks?: number | undefined;
  blockSize?: number | undefined;
}) => blocks * blockSize;

async function capacityReaches(claim: ClaimHandle, storage: string): Promise<void> {
  const wanted = quantityToBytes(storage);
  await eventually(
    claim,
    `${claim} to have a capacity of ${storage}, and no resize under way`,
    (store) => {
      const { capacity, conditions = [] } = store.get(claim.ref)?.status ?? {};
      const resizing = conditions.some(({ type }) => type === 'Resizing' || type === 'FileSystemResizePending');
      return quantityToBytes(capacity?.storage ?? '') === wanted && !resizing;
    },
    { within: 120_000 },
  );
}

describe(chapter, () => {
  proves('LV-LIFE-18', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', { bytes: 16 * MiB });
    await using namespace = await SpecNamespace.open();
    await expandable(namespace);
    const at = { node: here, path: lease.path, storage: '16Mi' };
    const { volume, claim } = await namespace.boundVolume('numbers', at);
    const pod = await namespace.pod('user', { claims: [claim] });
    await expect(pod).to.runOn(here);
    const before = await freeSpace(pod, '/data');

    // The volume gets a part of what the claim asks for.
    await askForMore(namespace, claim, '2Gi');
    await raiseVolume(namespace, volume, '1Gi');
    await triggerPodSync(namespace, pod);
    await capacityReaches(claim, '1Gi');
    const resized = `MountVolume.NodeExpandVolume succeeded for volume "${volume.name}" ${here}`;
    await expect(pod).to.reportEvent('FileSystemResizeSuccessful', resized);
    await expect(claim).to.reportEvent('FileSystemResizeSuccessful', resized);

    expect(await freeSpace(pod, '/data'), 'a number is not a disk').to.deep.equal(before);
    evidence.keep('space', { claimed: claim.now.status?.capacity, seenByThePod: before, disk: lease.bytes });
  });

  proves('LV-LIFE-19', async () => {
    const here = assignedNode();
    await using device = await leaseVolume(here, 'FORMAT', { bytes: 320 * MiB });
    await using namespace = await SpecNamespace.open();
    await expandable(namespace);
    const at = { node: here, path: device.path, storage: '320Mi' };
    const { volume, claim } = await namespace.boundVolume('grows', {
      ...at,
      volume: {
        change: (manifest) => {
          // The kernel grows a mounted ext4 only with CAP_SYS_RESOURCE, which not every machine gives to its
          // containers. xfs needs at least 300 MiB; the file behind it is sparse.
          manifest.spec.local.fsType = 'xfs';
        },
      },
    });
    const pod = await namespace.pod('user', { claims: [claim] });
    await expect(pod).to.runOn(here);
    const staged = mountAt(await nodeMounts(namespace.cluster.node(here)), stagedDirectory(here, volume.name));
    expect(staged?.fileSystem).to.equal('xfs');
    const sum = await writeChecked(pod, '/data/payload', MiB);
    const before = await freeSpace(pod, '/data');
    const container = pod.now.status?.containerStatuses?.[0]?.containerID;

    await growBlockDevice(namespace.cluster.node(here), device, 480 * MiB);
    expect(await freeSpace(pod, '/data'), 'a larger device is not yet a larger file system').to.deep.equal(before);

    await askForMore(namespace, claim, '480Mi');
    await raiseVolume(namespace, volume, '480Mi');
    await triggerPodSync(namespace, pod);
    await capacityReaches(claim, '480Mi');
    await expect(pod).to.reportEvent(
      'FileSystemResizeSuccessful',
      `MountVolume.NodeExpandVolume succeeded for volume "${volume.name}" ${here}`,
    );

    const after = await freeSpace(pod, '/data');
    const [was, is] = [sizeOf(before), sizeOf(after)];
    expect(was, 'before').to.be.lessThanOrEqual(320 * MiB);
    // What the device has grown by, but for a little that the file system may keep for itself.
    expect(is - was, 'grown by').to.be.within(150 * MiB, 160 * MiB);
    expect((await runInPod(pod, ['sha256sum', '/data/payload'])).split(' ')[0]).to.equal(sum);
    expect(pod.now.status?.containerStatuses?.[0]).to.include({ containerID: container, restartCount: 0 });
    evidence.keep('space', { before, after });
  });

  proves('LV-LIFE-30', async () => {
    const here = assignedNode();
    await using device = await leaseVolume(here, 'FORMAT', { bytes: 320 * MiB });
    await using namespace = await SpecNamespace.open();
    await expandable(namespace);
    const { volume, claim } = await namespace.boundVolume('grows', {
      node: here,
      path: device.path,
      storage: '320Mi',
      volume: {
        change: (manifest) => {
          manifest.spec.local.fsType = 'xfs';
        },
      },
    });
    const first = await namespace.pod('first', { claims: [claim] });
    await expect(first).to.runOn(here);
    const sum = await writeChecked(first, '/data/payload', MiB);
    const before = sizeOf(await freeSpace(first, '/data'));
    await namespace.remove(first);
    await unmounted(here, stagedDirectory(here, volume.name));

    await growBlockDevice(namespace.cluster.node(here), device, 480 * MiB);
    await askForMore(namespace, claim, '480Mi');
    await raiseVolume(namespace, volume, '480Mi');
    await controllerLookedAgain(namespace, claim, volume);
    expect(claim.now.status?.capacity?.storage, 'no pod has mounted it since').to.equal('320Mi');

    // A file system that grows only while it is in use has its old size when the first container looks at it.
    const look = 'stat -f -c "%S %b" /data >/data/first-look';
    const second = await namespace.pod('second', {
      claims: [claim],
      initContainers: [{ name: 'first-look', command: ['sh', '-c', look] }],
    });
    await expect(second).to.runOn(here);
    await capacityReaches(claim, '480Mi');
    const [blockSize, blocks] = (await runInPod(second, ['cat', '/data/first-look'])).trim().split(' ').map(Number);
    const after = sizeOf(await freeSpace(second, '/data'));
    expect(sizeOf({ blockSize, blocks }), 'the size that the first container saw').to.equal(after);
    expect(after - before, 'grown by').to.be.within(150 * MiB, 160 * MiB);
    expect((await runInPod(second, ['sha256sum', '/data/payload'])).split(' ')[0]).to.equal(sum);
    evidence.keep('size', { before, after });
  });

  proves('LV-LIFE-31', async () => {
    const here = assignedNode();
    await using device = await leaseVolume(here, 'BLOCK', { bytes: 16 * MiB });
    await using namespace = await SpecNamespace.open();
    await expandable(namespace);
    const at = { node: here, path: device.path, storage: '16Mi', volumeMode: 'Block' as const };
    const { volume, claim } = await namespace.boundVolume('raw', at);
    const pod = await namespace.pod('user', { claims: [claim], as: 'devices' });
    await expect(pod).to.runOn(here);
    const size = async () => Number(await runInPod(pod, ['blockdev', '--getsize64', '/dev/data']));
    expect(await size()).to.equal(16 * MiB);

    await growBlockDevice(namespace.cluster.node(here), device, 24 * MiB);
    await askForMore(namespace, claim, '24Mi');
    await raiseVolume(namespace, volume, '24Mi');
    await triggerPodSync(namespace, pod);
    await capacityReaches(claim, '24Mi');
    expect(await size(), 'the running pod sees the device grow').to.equal(24 * MiB);
    const end = ['bs=4096', 'count=1', `seek=${24 * 256 - 1}`, 'conv=notrunc,fsync'];
    await runInPod(pod, ['dd', 'if=/proc/self/exe', 'of=/dev/data', ...end]);
    expect(pod.now.status?.containerStatuses?.[0]?.restartCount).to.equal(0);
  });

  proves('LV-LIFE-20', async () => {
    await using namespace = await SpecNamespace.open();
    await expandable(namespace);
    const { volume, claim } = await namespace.boundVolume('waits', absentDisk());
    await expect(claim).to.bindTo(volume);
    await askForMore(namespace, claim, '2Gi');
    await expect(claim).to.reportEvent('ExternalExpanding', 'waiting for an external controller to expand this PVC');
    await triggerResync(namespace, claim);
    // A later request that is answered shows that the expansion controller has come past the first one.
    const later = await namespace.boundVolume('later', absentDisk());
    await askForMore(namespace, later.claim, '2Gi');
    await expect(later.claim).to.reportEvent('ExternalExpanding');
    await controllerLookedAgain(namespace, claim, volume);
    expect(claim.now.status?.capacity?.storage).to.equal('1Gi');
    expect(volume.now.spec?.capacity?.storage).to.equal('1Gi');
  });
});
