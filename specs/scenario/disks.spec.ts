import {
  evidence,
  expect,
  fill,
  freeSpace,
  leaseVolume,
  mountAt,
  mountHolding,
  nodeMounts,
  onNode,
  placesOf,
  podVolumeDirectory,
  readChapter,
  readInPod,
  runInPod,
  SpecNamespace,
  writeChecked,
} from '../harness/index.ts';
import { applySeed, cannotWrite, fixtures, keepDisk, keepMounts, leaseSeedDisks, startSeed } from './seed.ts';

const { chapter, proves } = readChapter('scenario');

describe(chapter, () => {
  proves('SEED-1', async () => {
    await using disks = await leaseSeedDisks();
    await using namespace = await SpecNamespace.open();
    const { storageClass, volumeA, claim } = await applySeed(namespace);
    expect(storageClass.now.provisioner).to.equal('kubernetes.io/no-provisioner');
    expect(claim.now.spec?.volumeName, 'the claim names no volume').to.equal(undefined);
    expect(volumeA.now.spec?.claimRef, 'the volume names no claim').to.equal(undefined);

    const pod = await namespace.apply('Pod', fixtures.podBySelector);
    await expect(claim).to.bindTo(volumeA);
    await expect(pod).to.runOn('node2');
    await expect(pod).to.mount(volumeA, { from: disks.onNode2 });

    await runInPod(pod, ['sh', '-c', 'echo seen from the pod >/data/greeting && sync /data/greeting']);
    const node2 = namespace.cluster.node('node2');
    expect(await onNode(node2, ['cat', `${disks.onNode2.path}/greeting`])).to.equal('seen from the pod\n');
    const inode = ['stat', '-c', '%i'] as const;
    expect(await onNode(node2, [...inode, `${disks.onNode2.path}/greeting`])).to.equal(
      await runInPod(pod, [...inode, '/data/greeting']),
    );
    await keepMounts(pod, volumeA, disks.onNode2, '/data');
  });

  proves('SEED-2', async () => {
    await using disks = await leaseSeedDisks();
    await using namespace = await SpecNamespace.open();
    const devices = new Set<string>();
    for (const disk of [disks.onNode1, disks.onNode2, disks.onNode3]) {
      const mounts = await nodeMounts(namespace.cluster.node(disk.node));
      const own = mountAt(mounts, disk.path);
      expect(own, `a mount at ${disk.path} of ${disk.node}`).to.include({
        device: disk.deviceNumber,
        root: '/',
        fileSystem: disk.fileSystem,
      });
      for (const place of ['/', '/var', placesOf(disk.node).kubelet]) {
        expect(own?.device, `the disk's device is not that of ${place}`).not.to.equal(
          mountHolding(mounts, place)?.device,
        );
      }
      devices.add(disk.deviceNumber);
      await keepDisk(disk);
    }
    expect(devices.size, 'three disks are three devices').to.equal(3);

    const { volumeA, pod } = await startSeed(namespace);
    await expect(pod).to.mount(volumeA, { from: disks.onNode2 });
    const { blocks, blockSize } = await freeSpace(pod, '/data');
    expect(blocks * blockSize, 'the pod sees the size of the disk, not the 1Gi of its claim').to.be.lessThanOrEqual(
      disks.onNode2.bytes,
    );
  });

  proves('SEED-3', async () => {
    await using disks = await leaseSeedDisks();
    await using other = await leaseVolume('node2', 'LOOP', { bytes: 32 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    await namespace.apply('StorageClass', fixtures.storageClass);
    const full = disks.onNode2.path;
    await onNode(namespace.cluster.node('node2'), ['mkdir', `${full}/left`, `${full}/right`]);

    const left = await namespace.boundVolume('directory-left', { node: 'node2', path: `${full}/left` });
    const right = await namespace.boundVolume('directory-right', { node: 'node2', path: `${full}/right` });
    const apart = await namespace.boundVolume('disk-of-its-own', { node: 'node2', path: other.path });
    const writer = await namespace.pod('writer', { claims: [left.claim] });
    const starved = await namespace.pod('starved', { claims: [right.claim] });
    const neighbour = await namespace.pod('neighbour', { claims: [apart.claim] });
    for (const pod of [writer, starved, neighbour]) await expect(pod).to.runOn('node2');
    const before = await freeSpace(neighbour, '/data');

    expect(await fill(writer, '/data/filler', disks.onNode2.bytes), 'the writer hits the end of its disk').to.include(
      'No space left on device',
    );

    expect(await freeSpace(neighbour, '/data'), 'not a block of the other disk is gone').to.deep.equal(before);
    await writeChecked(neighbour, '/data/still-room', 2 ** 20);
    await onNode(namespace.cluster.node('node2'), [
      'dd',
      'if=/dev/zero',
      `of=${placesOf('node2').kubelet}/still-room`,
      'bs=1M',
      'count=1',
      'conv=fsync',
    ]);
    await onNode(namespace.cluster.node('node2'), [
      'dd',
      'if=/dev/zero',
      'of=/root/still-room',
      'bs=1M',
      'count=1',
      'conv=fsync',
    ]);
    await onNode(namespace.cluster.node('node2'), [
      'rm',
      `${placesOf('node2').kubelet}/still-room`,
      '/root/still-room',
    ]);

    const rest = await freeSpace(starved, '/data');
    expect(rest.available * rest.blockSize, 'too little for one more write of the filler').to.be.lessThan(65_536);
    expect(await cannotWrite(starved, '/data/anything', 2 ** 20), 'the counter-example').to.include(
      'No space left on device',
    );
    evidence.keep(
      'df-of-the-node',
      await onNode(namespace.cluster.node('node2'), ['df', '-k', '/', '/var', full, other.path]),
    );
  });

  proves('SEED-8', async () => {
    await using disks = await leaseSeedDisks();
    await using namespace = await SpecNamespace.open();
    const { volumeA, pod } = await startSeed(namespace);
    await expect(pod).to.mount(volumeA, { from: disks.onNode2 });

    // The mount is there; a fresh list of everything shows that no attachment ever was.
    const { store } = namespace.cluster;
    await store.confirm();
    expect(store.list('VolumeAttachment')).to.deep.equal([]);
    await expect(pod).to.reportEvent('Started');
    const reasons = store.eventsOf(pod.ref).map(({ reason }) => reason);
    expect(reasons).to.include('Started').and.not.include.members(['SuccessfulAttachVolume']);
    const attached = store.get({ kind: 'Node', name: 'node2' })?.status?.volumesAttached ?? [];
    expect(attached.filter(({ name }) => name.includes(volumeA.name))).to.deep.equal([]);
  });

  proves('SEED-9', async () => {
    await using disks = await leaseSeedDisks();
    await using namespace = await SpecNamespace.open();
    const { volumeA, pod } = await startSeed(namespace);
    const chain = await expect(pod).to.mount(volumeA, { from: disks.onNode2 });
    expect(chain.kubelet.mountPoint).to.equal(podVolumeDirectory('node2', pod.now.metadata.uid, volumeA.name));
    // A bind mount joins the peer group of what it binds; a device that is mounted again starts one of its own.
    expect(chain.kubelet.propagation).to.deep.equal(chain.node.propagation).and.to.have.lengthOf(1);

    // A directory below the root of the disk shows the root of the bind at every place.
    await onNode(namespace.cluster.node('node2'), ['mkdir', `${disks.onNode2.path}/below`]);
    const below = await namespace.boundVolume('directory-below', {
      node: 'node2',
      path: `${disks.onNode2.path}/below`,
    });
    const second = await namespace.pod('below', { claims: [below.claim] });
    await expect(second).to.runOn('node2');
    const mounts = await nodeMounts(namespace.cluster.node('node2'));
    const kubelet = mountAt(mounts, podVolumeDirectory('node2', second.now.metadata.uid, below.volume.name));
    expect(kubelet).to.include({ device: disks.onNode2.deviceNumber, root: '/below' });
    expect(await readInPod(second, '/proc/self/mountinfo')).to.match(
      new RegExp(` ${disks.onNode2.deviceNumber} /below /data `),
    );
    await keepMounts(pod, volumeA, disks.onNode2, '/data');
  });

  proves('SEED-10', async () => {
    await using disks = await leaseSeedDisks();
    await using namespace = await SpecNamespace.open();
    const { claim, pod: writer } = await startSeed(namespace);
    const sum = await writeChecked(writer, '/data/payload', 4 * 2 ** 20);
    const onDisk = await onNode(namespace.cluster.node('node2'), ['sha256sum', `${disks.onNode2.path}/payload`]);
    expect(onDisk.split(' ')[0]).to.equal(sum);
    await namespace.remove(writer);

    const reader = await namespace.pod('reader', { claims: [claim], node: 'node2' });
    await expect(reader).to.runOn('node2');
    expect((await runInPod(reader, ['sha256sum', '/data/payload'])).split(' ')[0]).to.equal(sum);
    evidence.keep('checksums', `written by ${writer}, read by ${reader}\n${sum}\non the disk: ${onDisk}`);
  });
});
