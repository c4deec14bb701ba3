import {
  assignedNode,
  evidence,
  expect,
  leaseVolume,
  onNode,
  readChapter,
  runInPod,
  SpecNamespace,
  tryInPod,
} from '../harness/index.ts';
import {
  loopDevicesOn,
  mappedAt,
  mappedPod,
  mappingOf,
  readSector,
  sectorBytes,
  sectorOfDisk,
  textOfSector,
  tryToWriteSector,
  unmapped,
  writeSector,
} from './block-volumes.ts';

const { chapter, proves } = readChapter('block');

const bytes = 4 * 2 ** 20;

describe(chapter, () => {
  proves('LV-BLOCK-01', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'BLOCK', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('disk', lease);
    const pod = await namespace.pod('user', { claims: [claim], as: 'devices' });
    await expect(claim).to.bindTo(volume);
    await expect(pod).to.runOn(here);

    const [kind, major, minor, size] = (
      await runInPod(pod, ['sh', '-c', 'stat -c "%F,%t,%T" /dev/data && blockdev --getsize64 /dev/data'])
    )
      .trim()
      .split(/[,\n]/);
    expect(kind).to.equal('block special file');
    expect([major, minor].map((hex) => Number.parseInt(hex ?? '', 16)).join(':')).to.equal(lease.deviceNumber);
    expect(size).to.equal(String(bytes));

    // An odd place in the middle, twice, and the very last bytes.
    for (const sector of [3777, 3777, bytes / sectorBytes - 1]) {
      const text = textOfSector();
      await writeSector(pod, text, sector);
      expect(await readSector(pod, sector), 'read back').to.equal(text);
      expect(await sectorOfDisk(lease, sector), `at byte ${sector * sectorBytes} of the disk`).to.equal(text);
    }
    const beyond = await tryToWriteSector(pod, textOfSector(), bytes / sectorBytes);
    expect(beyond.status).not.to.equal(0);
    expect(beyond.stderr).to.include('No space left on device');
    evidence.keep('device', { ...lease, seenByThePod: { major, minor, size } });
  });

  proves('LV-BLOCK-02', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'BLOCK', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('disk', lease);
    // The first container is the one that gets nothing, though it may make device files.
    const pod = await namespace.pod('two-containers', {
      claims: [claim],
      as: 'devices',
      containers: [
        {
          name: 'without',
          volumeDevices: [],
          securityContext: { capabilities: { drop: ['ALL'], add: ['MKNOD'] } },
        },
        { name: 'with' },
      ],
    });
    await expect(claim).to.bindTo(volume);
    await expect(pod).to.runOn(here);

    const [major = '', minor = ''] = lease.deviceNumber.split(':');
    const script = 'ls /dev/data; mknod /dev/mine b "$1" "$2" && ls -l /dev/mine && dd if=/dev/mine bs=512 count=1';
    const { status, stdout, stderr } = await tryInPod(pod, ['sh', '-c', script, 'sh', major, minor]);
    expect(status).not.to.equal(0);
    expect(stderr, 'the device is not there').to.include('ls: /dev/data: No such file or directory');
    expect(stdout, 'a device file of that number can be made').to.include('/dev/mine');
    expect(stderr, 'and not be opened').to.include("can't open '/dev/mine': Operation not permitted");

    // The pod's other container has the device: the difference is the volume, not the node.
    const statuses = pod.now.status?.containerStatuses ?? [];
    const id = statuses.find(({ name }) => name === 'with')?.containerID?.replace('containerd://', '') ?? '';
    const node = namespace.cluster.node(here);
    const info = JSON.parse(await onNode(node, ['ctr', '-n', 'k8s.io', 'containers', 'info', id])) as {
      Spec: { linux: { devices?: { path: string; major: number; minor: number }[] } };
    };
    const given = (info.Spec.linux.devices ?? []).find(({ path }) => path === '/dev/data');
    expect(given).to.include({ major: Number(major), minor: Number(minor) });
    evidence.keep('attempt', `${stdout}\n${stderr}`);
  });

  proves('LV-BLOCK-03', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'BLOCK', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('disk', lease);
    const pods = [
      await namespace.pod('one', { claims: [claim], as: 'devices' }),
      await namespace.pod('two', { claims: [claim], as: 'devices' }),
    ];
    for (const pod of pods) await expect(pod).to.runOn(here);
    for (const pod of pods) {
      const place = mappedAt(here, pod.now.metadata.uid, volume.name);
      const mapping = await mappingOf(mappedPod(pod, volume));
      expect(mapping.bound, place.plugin).to.equal(lease.deviceNumber);
      expect(mapping.link, place.pod).to.equal(lease.path);
      await expect(pod).to.reportEvent(
        'SuccessfulMountVolume',
        `MapVolume.MapPodDevice succeeded for volume "${volume.name}" globalMapPath "${place.globalMap}"`,
      );
      const directory = place.pod.slice(0, place.pod.lastIndexOf('/'));
      await expect(pod).to.reportEvent(
        'SuccessfulMountVolume',
        `MapVolume.MapPodDevice succeeded for volume "${volume.name}" volumeMapPath "${directory}"`,
      );
      evidence.keep(`mapping-${pod.fixtureName}`, { ...place, ...mapping });
    }
    const gone = pods.map((pod) => mappedPod(pod, volume));
    for (const pod of pods) await namespace.remove(pod);
    const node = namespace.cluster.node(here);
    for (const pod of gone) await unmapped(node, { ...pod, isLast: pod === gone.at(-1) });
    const { globalMap } = mappedAt(here, '', volume.name);
    expect((await node.attempt({ argv: ['test', '-e', globalMap], deadline: 60_000 })).status, globalMap).to.equal(1);
  });

  proves('LV-BLOCK-04', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'BLOCK', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('disk', lease);
    const [one, two] = [
      await namespace.pod('one', { claims: [claim], as: 'devices' }),
      await namespace.pod('two', { claims: [claim], as: 'devices' }),
    ];
    for (const pod of [one, two]) await expect(pod).to.runOn(here);
    const [first, second] = [mappedPod(one, volume), mappedPod(two, volume)];
    const locks = [(await mappingOf(first)).locks, (await mappingOf(second)).locks];
    expect(
      locks.map(({ length }) => length),
      'a lock for each',
    ).to.deep.equal([1, 1]);
    expect(new Set([...locks.flat(), lease.path]).size, 'each a loop device of its own').to.equal(3);

    const held = () => loopDevicesOn(lease, volume);
    expect(await held(), 'no loop device but the locks').to.deep.equal(locks.flat().sort());

    const node = namespace.cluster.node(here);
    await namespace.remove(one);
    await unmapped(node, first);
    expect((await mappingOf(second)).locks, 'the other pod keeps its lock').to.deep.equal(locks[1]);
    expect(await held(), 'no other is left').to.deep.equal(locks[1]);
    await namespace.remove(two);
    await unmapped(node, second);
    expect(await held(), 'nothing holds the volume').to.deep.equal([]);
    evidence.keep('locks', { one: locks[0], two: locks[1] });
  });
});
