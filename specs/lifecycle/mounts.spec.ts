import {
  assignedNode,
  evidence,
  expect,
  fill,
  forceDelete,
  freeSpace,
  leaseVolume,
  mountAt,
  mountPointsWith,
  nodeMounts,
  onNode,
  podVolumeDirectory,
  readChapter,
  runInPod,
  SpecNamespace,
  stagedDirectory,
  unmounted,
  writeChecked,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('lifecycle');

const MiB = 2 ** 20;

describe(chapter, () => {
  proves('LV-LIFE-17', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', { bytes: 16 * MiB });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('taken', { node: here, path: lease.path });
    const pod = await namespace.pod('user', { claims: [claim] });
    await expect(pod).to.runOn(here);
    const sum = await writeChecked(pod, '/data/before', 65_536);

    await forceDelete(namespace, volume);
    await expect(claim).to.reachPhase('Lost');
    await expect(pod).to.mount(volume, { from: lease });
    await writeChecked(pod, '/data/after', 65_536);
    expect((await runInPod(pod, ['sha256sum', '/data/before'])).split(' ')[0]).to.equal(sum);

    const { uid } = pod.now.metadata;
    await namespace.remove(pod);
    expect(await mountPointsWith(here, uid)).to.deep.equal([]);
    const kept = await onNode(namespace.cluster.node(here), ['ls', lease.path]);
    expect(kept.split('\n')).to.include.members(['before', 'after']);
  });

  proves('LV-LIFE-21', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', { bytes: 16 * MiB });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('used', { node: here, path: lease.path });
    const pod = await namespace.pod('user', { claims: [claim] });
    await expect(pod).to.runOn(here);
    const sum = await writeChecked(pod, '/data/stays', 65_536);
    const { uid } = pod.now.metadata;
    const directory = podVolumeDirectory(here, uid, volume.name);
    const before = await mountPointsWith(here, uid);
    expect(before, 'while the pod runs').to.include(directory);

    // The API lets a pod go only when kubelet has unmounted its volumes; from then on there is nothing to wait for.
    await namespace.remove(pod);
    const node = namespace.cluster.node(here);
    const mounts = await nodeMounts(node);
    expect(await mountPointsWith(here, uid)).to.deep.equal([]);
    expect((await node.attempt({ argv: ['test', '-e', directory], deadline: 60_000 })).status, directory).to.equal(1);
    expect(mountAt(mounts, lease.path), 'the disk itself').to.include({
      device: lease.deviceNumber,
      root: '/',
    });
    expect((await onNode(node, ['sha256sum', `${lease.path}/stays`])).split(' ')[0]).to.equal(sum);
    evidence.keep('mounts-of-the-pod', `${before.join('\n')}\n\nafter its end: none`);
  });

  proves('LV-LIFE-22', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'FORMAT', { bytes: 16 * MiB });
    await using namespace = await SpecNamespace.open();
    const { path, deviceNumber } = lease;
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('staged', { node: here, path });
    const staged = stagedDirectory(here, volume.name);
    const [first, second] = [
      await namespace.pod('first', { claims: [claim] }),
      await namespace.pod('second', { claims: [claim] }),
    ];
    for (const pod of [first, second]) await expect(pod).to.runOn(here);
    const node = namespace.cluster.node(here);
    const mounts = await nodeMounts(node);
    const ofDevice = mounts.filter(({ device }) => device === deviceNumber).map(({ mountPoint }) => mountPoint);
    const binds = [first, second].map((pod) => podVolumeDirectory(here, pod.now.metadata.uid, volume.name));
    expect(ofDevice).to.have.members([staged, ...binds]);
    // Bind mounts of one mount are of one peer group: the device was mounted once.
    const groups = [staged, ...binds].map((place) => JSON.stringify(mountAt(mounts, place)?.propagation));
    expect(new Set(groups).size, groups.join()).to.equal(1);

    await namespace.remove(first);
    expect(await mountPointsWith(here, staged), 'one pod is left').to.deep.equal([staged]);
    await writeChecked(second, '/data/still-writes', 65_536);

    await namespace.remove(second);
    await unmounted(here, staged);
    const left = (await nodeMounts(node)).filter(({ device }) => device === deviceNumber);
    expect(left).to.deep.equal([]);
    evidence.keep('mounts-of-the-device', ofDevice.join('\n'));
  });

  proves('LV-LIFE-27', async () => {
    const here = assignedNode();
    const bytes = 2 * MiB;
    await using full = await leaseVolume(here, 'TMPFS', { bytes });
    await using other = await leaseVolume(here, 'TMPFS', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const [one, two] = [await namespace.boundVolume('full', full), await namespace.boundVolume('other', other)];
    const pod = await namespace.pod('user', { claims: [one.claim, two.claim] });
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
