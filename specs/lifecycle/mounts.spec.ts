import {
  assignedNode,
  boundPair,
  evidence,
  expect,
  fill,
  freeSpace,
  isMounted,
  leaseBackEnd,
  localClass,
  makeLeasedBlockDevice,
  makeLeasedDisk,
  mountAt,
  mountsWith,
  nodeMounts,
  onNode,
  podVolumeDirectory,
  podWith,
  readChapter,
  runInPod,
  SpecNamespace,
  stagedDirectory,
  takeAway,
  tmpfs,
  unmounted,
  writeChecked,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('lifecycle');

const MiB = 2 ** 20;

describe(chapter, () => {
  proves('LV-LIFE-17', async () => {
    const here = assignedNode();
    await using lease = await makeLeasedDisk(here, { bytes: 16 * MiB });
    await using namespace = await SpecNamespace.open();
    await localClass(namespace);
    const { volume, claim } = await boundPair(namespace, 'taken', { node: here, path: lease.disk.mountPath });
    const pod = await podWith(namespace, 'user', [claim]);
    await expect(pod).to.runOn(here);
    const sum = await writeChecked(pod, '/data/before', 65_536);

    await takeAway(namespace, volume);
    await expect(claim).to.reachPhase('Lost');
    await expect(pod).to.mount(volume, { path: '/data', from: lease.disk });
    await writeChecked(pod, '/data/after', 65_536);
    expect((await runInPod(pod, ['sha256sum', '/data/before'])).split(' ')[0]).to.equal(sum);

    const { uid } = pod.now.metadata;
    await namespace.remove(pod);
    expect(await mountsWith(namespace, here, uid)).to.deep.equal([]);
    const kept = await onNode(namespace.cluster.node(here), ['ls', lease.disk.mountPath]);
    expect(kept.split('\n')).to.include.members(['before', 'after']);
  });

  proves('LV-LIFE-21', async () => {
    const here = assignedNode();
    await using lease = await makeLeasedDisk(here, { bytes: 16 * MiB });
    await using namespace = await SpecNamespace.open();
    await localClass(namespace);
    const { volume, claim } = await boundPair(namespace, 'used', { node: here, path: lease.disk.mountPath });
    const pod = await podWith(namespace, 'user', [claim]);
    await expect(pod).to.runOn(here);
    const sum = await writeChecked(pod, '/data/stays', 65_536);
    const { uid } = pod.now.metadata;
    const directory = podVolumeDirectory(uid, volume.name);
    const before = await mountsWith(namespace, here, uid);
    expect(before, 'while the pod runs').to.include(directory);

    // The API lets a pod go only when kubelet has unmounted its volumes; from then on there is nothing to wait for.
    await namespace.remove(pod);
    const node = namespace.cluster.node(here);
    const mounts = await nodeMounts(node);
    expect(await mountsWith(namespace, here, uid)).to.deep.equal([]);
    expect((await node.attempt({ argv: ['test', '-e', directory], deadline: 10_000 })).status, directory).to.equal(1);
    expect(mountAt(mounts, lease.disk.mountPath), 'the disk itself').to.include({
      device: lease.disk.deviceNumber,
      root: '/',
    });
    expect((await onNode(node, ['sha256sum', `${lease.disk.mountPath}/stays`])).split(' ')[0]).to.equal(sum);
    evidence.keep('mounts-of-the-pod', `${before.join('\n')}\n\nafter its end: none`);
  });

  proves('LV-LIFE-22', async () => {
    const here = assignedNode();
    await using lease = await makeLeasedBlockDevice(here, { bytes: 16 * MiB });
    await using namespace = await SpecNamespace.open();
    const { path, deviceNumber } = lease.device;
    await localClass(namespace);
    const { volume, claim } = await boundPair(namespace, 'staged', { node: here, path });
    const staged = stagedDirectory(volume.name);
    const [first, second] = [await podWith(namespace, 'first', [claim]), await podWith(namespace, 'second', [claim])];
    for (const pod of [first, second]) await expect(pod).to.runOn(here);
    const node = namespace.cluster.node(here);
    const mounts = await nodeMounts(node);
    const ofDevice = mounts.filter(({ device }) => device === deviceNumber).map(({ mountPoint }) => mountPoint);
    const binds = [first, second].map((pod) => podVolumeDirectory(pod.now.metadata.uid, volume.name));
    expect(ofDevice).to.have.members([staged, ...binds]);
    // Bind mounts of one mount are of one peer group: the device was mounted once.
    const groups = [staged, ...binds].map((place) => JSON.stringify(mountAt(mounts, place)?.propagation));
    expect(new Set(groups).size, groups.join()).to.equal(1);

    await namespace.remove(first);
    expect(await isMounted(namespace, here, staged), 'one pod is left').to.equal(true);
    await writeChecked(second, '/data/still-writes', 65_536);

    await namespace.remove(second);
    await unmounted(namespace, here, staged);
    const left = (await nodeMounts(node)).filter(({ device }) => device === deviceNumber);
    expect(left).to.deep.equal([]);
    evidence.keep('mounts-of-the-device', ofDevice.join('\n'));
  });

  proves('LV-LIFE-26', async () => {
    await using onNode1 = await makeLeasedDisk('node1', { bytes: 16 * MiB });
    await using onNode2 = await makeLeasedDisk('node2', { bytes: 16 * MiB });
    await using onNode3 = await makeLeasedDisk('node3', { bytes: 16 * MiB });
    await using namespace = await SpecNamespace.open();
    await localClass(namespace);
    const pods = [];
    for (const { disk } of [onNode1, onNode2, onNode3]) {
      const { claim } = await boundPair(namespace, `on-${disk.node}`, { node: disk.node, path: disk.mountPath });
      pods.push(await podWith(namespace, `on-${disk.node}`, [claim]));
    }
    const [one, two, three] = pods as [(typeof pods)[0], (typeof pods)[0], (typeof pods)[0]];
    await expect(one).to.runOn('node1');
    await expect(two).to.runOn('node2');
    await expect(three).to.runOn('node3');
    const before = await Promise.all([one, three].map((pod) => freeSpace(pod, '/data')));

    expect(await fill(two, '/data/filler', onNode2.disk.bytes)).to.include('No space left on device');

    const after = await Promise.all([one, three].map((pod) => freeSpace(pod, '/data')));
    expect(after, 'not a block of the others is gone').to.deep.equal(before);
    for (const pod of [one, three]) await writeChecked(pod, '/data/still-room', 2 * MiB);
    const { available, blockSize } = await freeSpace(two, '/data');
    expect(available * blockSize, 'too little for one more write of the filler').to.be.lessThan(65_536);
  });

  proves('LV-LIFE-27', async () => {
    const here = assignedNode();
    const bytes = 2 * MiB;
    await using full = await leaseBackEnd(here, tmpfs, { bytes });
    await using other = await leaseBackEnd(here, tmpfs, { bytes });
    await using namespace = await SpecNamespace.open();
    await localClass(namespace);
    const [one, two] = [await boundPair(namespace, 'full', full.disk), await boundPair(namespace, 'other', other.disk)];
    const pod = await podWith(namespace, 'user', [one.claim, two.claim]);
    await expect(pod).to.runOn(here);
    const before = await freeSpace(pod, '/data-2');

    expect(await fill(pod, '/data/filler', bytes)).to.include('No space left on device');
    const { available, blocks, blockSize } = await freeSpace(pod, '/data');
    expect(blocks * blockSize, 'what the pod sees is the size of the memory').to.equal(bytes);
    expect(available * blockSize).to.equal(0);
    expect(await freeSpace(pod, '/data-2'), 'not a page of the other is gone').to.deep.equal(before);
    await writeChecked(pod, '/data-2/still-room', MiB);
  });
});
