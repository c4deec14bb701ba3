import {
  assignedNode,
  evidence,
  expect,
  fill,
  freeSpace,
  leaseVolume,
  onNode,
  readChapter,
  SpecNamespace,
  writeChecked,
} from '../harness/index.ts';
import { volumeMetrics, volumeStatistics } from './volume-statistics.ts';

const { chapter, proves } = readChapter('access');

const mebibyte = 2 ** 20;

describe(chapter, () => {
  proves('LV-ACCESS-17', async () => {
    const here = assignedNode();
    const [smallBytes, largeBytes] = [16 * mebibyte, 48 * mebibyte];
    await using smallLease = await leaseVolume(here, 'LOOP', { bytes: smallBytes });
    await using largeLease = await leaseVolume(here, 'LOOP', { bytes: largeBytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const small = await namespace.boundVolume('data', {
      ...smallLease,
      claim: {
        storage: '1Mi',
      },
    });
    const large = await namespace.boundVolume('large', {
      ...largeLease,
      storage: '1Mi',
    });
    const capacities = () => [small, large].map(({ claim }) => claim.now.status?.capacity);
    const stated = [{ storage: '1Gi' }, { storage: '1Mi' }];
    // Before the pod as well: kubelet, when it mounts a volume, may raise what a claim shows.
    expect(capacities(), 'the first asked for 1Mi and has the whole volume').to.deep.equal(stated);
    const pod = await namespace.pod('writer', { claims: [small.claim, large.claim] });
    await expect(pod).to.runOn(here);
    expect(capacities(), 'while a pod uses them').to.deep.equal(stated);

    for (const [path, bytes] of [
      ['/data', smallBytes],
      ['/data-2', largeBytes],
    ] as const) {
      const { blocks, blockSize } = await freeSpace(pod, path);
      expect(blocks * blockSize, `the size of ${path} is the disk's, but for what ext4 needs`).to.be.within(
        bytes / 2,
        bytes,
      );
    }
    await writeChecked(pod, '/data-2/payload', 4 * mebibyte);
    expect(await fill(pod, '/data/filler', smallBytes), 'long before 1Gi').to.include('No space left on device');
  });

  proves('LV-ACCESS-19', async function () {
    this.timeout(360_000);
    const here = assignedNode();
    const bytes = 16 * mebibyte;
    await using lease = await leaseVolume(here, 'LOOP', { bytes });
    await using raw = await leaseVolume(here, 'BLOCK', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', lease);
    expect(volume.now.spec?.capacity, 'what the volume says of itself').to.deep.equal({ storage: '1Gi' });
    // Before the pod: kubelet may measure at any moment from then on.
    await onNode(namespace.cluster.node(here), [
      'dd',
      'if=/dev/zero',
      `of=${lease.path}/payload`,
      'bs=1M',
      'count=4',
      'conv=fsync',
    ]);
    // The same pod uses a raw device, whose statistics are its size.
    const device = await namespace.boundVolume('device', raw);
    const pod = await namespace.pod('measured', {
      claims: [claim, device.claim],
      as: ['files', 'devices'],
    });
    await expect(pod).to.runOn(here);

    const measured = await volumeStatistics(pod, 'data');
    const ofDevice = await volumeStatistics(pod, 'data-2');
    evidence.keep('statistics', { measured, ofDevice });
    const { blocks, blockSize, available } = await freeSpace(pod, '/data');
    expect(measured).to.deep.include({
      pvcRef: { name: claim.name, namespace: namespace.name },
      capacityBytes: blocks * blockSize,
      availableBytes: available * blockSize,
    });
    expect(measured.capacityBytes, 'of the disk, not of the volume').to.be.below(bytes);
    expect(measured.usedBytes, 'with what was on it').to.be.within(4 * mebibyte, 5 * mebibyte);
    expect(ofDevice).to.deep.include({
      pvcRef: { name: device.claim.name, namespace: namespace.name },
      capacityBytes: bytes,
    });
    // What monitoring reads: the same figures, by the claim's name.
    const metrics = await volumeMetrics(here, claim);
    evidence.keep('metrics', metrics);
    expect(metrics).to.deep.include({
      kubelet_volume_stats_capacity_bytes: measured.capacityBytes,
      kubelet_volume_stats_available_bytes: measured.availableBytes,
      kubelet_volume_stats_used_bytes: measured.usedBytes,
    });
    expect(await volumeMetrics(here, device.claim), 'of the device').to.deep.include({
      kubelet_volume_stats_capacity_bytes: bytes,
    });
  });
});
