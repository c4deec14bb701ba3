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
  secondNode,
  writeChecked,
} from '../harness/index.ts';
import {
  applyPod,
  applySeed,
  cannotWrite,
  fixtures,
  keepDisk,
  keepMounts,
  leaseDisksLikeSeed,
  leaseSeedDisks,
  startSeed,
} from './seed.ts';

const { chapter, proves } = readChapter('scenario');

describe(chapter, () => {
  proves('SEED-1', async () => {
    await using disks = await leaseSeedDisks();
    await using namespace = await SpecNamespace.open();
    const { storageClass, volumeA, claim } = await applySeed(namespace, disks);
    expect(storageClass.now.provisioner).to.equal('kubernetes.io/no-provisioner');
    expect(claim.now.spec?.volumeName, 'the claim names no volume').to.equal(undefined);
    expect(volumeA.now.spec?.claimRef, 'the volume names no claim').to.equal(undefined);

    const pod = await applyPod(namespace, 'selector');
    await expect(claim).to.bindTo(volumeA);
    await expect(pod).to.runOn(secondNode());
    await expect(pod).to.mount(volumeA, { from: disks.onNode2 });

    await runInPod(pod, ['sh', '-c', 'echo seen from the pod >/data/greeting && sync /data/greeting']);
    const node2 = namespace.cluster.node(secondNode());
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
      const node = namespace.cluster.node(disk.node);
      const mounts = await nodeMounts(node);
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

    const { volumeA, pod } = await startSeed(namespace, disks);
    await expect(pod).to.mount(volumeA, { from: disks.onNode2 });
    const { blocks, blockSize } = await freeSpace(pod, '/data');
    expect(blocks * blockSize, 'the pod sees the size of the disk, not the 1Gi of its claim').to.be.lessThanOrEqual(
      disks.onNode2.bytes,
    );
  });

  proves('SEED-3', async () => {
    await using disks = await leaseDisksLikeSeed();
    await using other = await leaseVolume(secondNode(), 'LOOP', { bytes: 32 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    await namespace.apply('StorageClass', fixtures.storageClass);
    const full = disks.onNode2.path;
    const node2 = namespace.cluster.node(secondNode());
    await onNode(node2, ['mkdir', `${full}/left`, `${full}/right`]);

    const left = await namespace.boundVolume('directory-left', { node: secondNode(), path: `${full}/left` });
    const right = await namespace.boundVolume('directory-right', { node: secondNode(), path: `${full}/right` });
    const apart = await namespace.boundVolume('disk-of-its-own', { node: secondNode(), path: other.path });
    const writer = await namespace.pod('writer', { claims: [left.claim] });
    const starved = await namespace.pod('starved', { claims: [right.claim] });
    const neighbour = await namespace.pod('neighbour', { claims: [apart.claim] });
    for (const pod of [writer, starved, neighbour]) await expect(pod).to.runOn(secondNode());
    const before = await freeSpace(neighbour, '/data');

    expect(await fill(writer, '/data/filler', disks.onNode2.bytes), 'the writer hits the end of its disk').to.include(
      'No space left on device',
    );

    expect(await freeSpace(neighbour, '/data'), 'not a block of the other disk is gone').to.deep.equal(before);
    await writeChecked(neighbour, '/data/still-room', 2 ** 20);
    for (const place of [`${node2.places.kubelet}/still-room`, '/root/still-room']) {
      await onNode(node2, ['dd', 'if=/dev/zero', `of=${place}`, 'bs=1M', 'count=1', 'conv=fsync']);
      await onNode(node2, ['rm', place]);
    }

    const rest = await freeSpace(starved, '/data');
    expect(rest.available * rest.blockSize, 'too little for one more write of the filler').to.be.lessThan(65_536);
    expect(await cannotWrite(starved, '/data/anything', 2 ** 20), 'the counter-example').to.include(
      'No space left on device',
    );
    evidence.keep('df-of-the-node', await onNode(node2, ['df', '-k', '/', '/var', full, other.path]));
  });

  proves('SEED-8', async () => {
    await using disks = await leaseDisksLikeSeed();
    await using namespace = await SpecNamespace.open();
    const { volumeA, pod } = await startSeed(namespace, disks);
    await expect(pod).to.mount(volumeA, { from: disks.onNode2 });

    // The mount is there; a fresh list of everything shows that no attachment ever was.
    const { store } = namespace.cluster;
    await store.confirm();
    const ofVolume = store
      .list('VolumeAttachment')
      .filter(({ spec }) => spec?.source?.persistentVolumeName === volumeA.name);
    expect(ofVolume).to.deep.equal([]);
    await expect(pod).to.reportEvent('Started');
    const reasons = store.eventsOf(pod.ref).map(({ reason }) => reason);
    expect(reasons).to.include('Started').and.not.include.members(['SuccessfulAttachVolume']);
    const attached = store.get({ kind: 'Node', name: secondNode() })?.status?.volumesAttached ?? [];
    expect(attached.filter(({ name }) => name.includes(volumeA.name))).to.deep.equal([]);
  });

  proves('SEED-9', async () => {
    await using disks = await leaseDisksLikeSeed();
    await using namespace = await SpecNamespace.open();
    const { volumeA, pod } = await startSeed(namespace, disks);
    const chain = await expect(pod).to.mount(volumeA, { from: disks.onNode2 });
    expect(chain.kubelet.mountPoint).to.equal(podVolumeDirectory(secondNode(), pod.now.metadata.uid, volumeA.name));
    // A bind mount joins the peer group of what it binds; a device that is mounted again starts one of its own.
    expect(chain.kubelet.propagation).to.deep.equal(chain.node.propagation).and.to.have.lengthOf(1);

    // A directory below the root of the disk shows the root of the bind at every place.
    await onNode(namespace.cluster.node(secondNode()), ['mkdir', `${disks.onNode2.path}/below`]);
    const below = await namespace.boundVolume('directory-below', {
      node: secondNode(),
      path: `${disks.onNode2.path}/below`,
    });
    const second = await namespace.pod('below', { claims: [below.claim] });
    await expect(second).to.runOn(secondNode());
    const mounts = await nodeMounts(namespace.cluster.node(secondNode()));
    const kubelet = mountAt(mounts, podVolumeDirectory(secondNode(), second.now.metadata.uid, below.volume.name));
    expect(kubelet).to.include({ device: disks.onNode2.deviceNumber, root: '/below' });
    expect(await readInPod(second, '/proc/self/mountinfo')).to.match(
      new RegExp(` ${disks.onNode2.deviceNumber} /below /data `),
    );
    await keepMounts(pod, volumeA, disks.onNode2, '/data');
  });

  proves('SEED-10', async () => {
    await using disks = await leaseDisksLikeSeed();
    await using namespace = await SpecNamespace.open();
    const { claim, pod: writer } = await startSeed(namespace, disks);
    const sum = await writeChecked(writer, '/data/payload', 4 * 2 ** 20);
    const onDisk = await onNode(namespace.cluster.node(secondNode()), ['sha256sum', `${disks.onNode2.path}/payload`]);
    expect(onDisk.split(' ')[0]).to.equal(sum);
    await namespace.remove(writer);

    const reader = await namespace.pod('reader', { claims: [claim], node: secondNode() });
    await expect(reader).to.runOn(secondNode());
    expect((await runInPod(reader, ['sha256sum', '/data/payload'])).split(' ')[0]).to.equal(sum);
    evidence.keep('checksums', `written by ${writer}, read by ${reader}\n${sum}\non the disk: ${onDisk}`);
  });
});
