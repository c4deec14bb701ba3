import {
  assignedNode,
  backEndOf,
  containerMounts,
  evidence,
  expect,
  fill,
  freeSpace,
  leaseBackEnd,
  mountAt,
  mountedFrom,
  onNode,
  pairAt,
  podWith,
  readChapter,
  readInPod,
  runAs,
  runInPod,
  SpecNamespace,
  tryInPod,
  writeChecked,
} from '../harness/index.ts';
import { mountOnNode } from './late-mount.ts';
import { volumeStatistics } from './volume-statistics.ts';

const { chapter, proves } = readChapter('access');

const mebibyte = 2 ** 20;

describe(chapter, () => {
  proves('LV-ACCESS-05', async () => {
    const here = assignedNode();
    await using lease = await leaseBackEnd(here, backEndOf('DIR'));
    await using namespace = await SpecNamespace.open();
    const used = await pairAt(namespace, lease.disk);
    const unused = await pairAt(namespace, lease.disk, { name: 'unused' });
    const pod = await podWith(namespace, 'sparing', [used.claim, unused.claim], {}, ({ spec }) => {
      for (const container of spec.containers) container.volumeMounts?.pop();
    });
    await expect(pod).to.runOn(here);
    const places = `/var/lib/kubelet/pods/${pod.now.metadata.uid}/volumes/kubernetes.io~local-volume`;
    expect(await onNode(namespace.cluster.node(here), ['ls', places])).to.equal(`${used.volume.name}\n`);
  });

  proves('LV-ACCESS-06', async () => {
    const here = assignedNode();
    await using lease = await leaseBackEnd(here, backEndOf('LOOP'));
    await using namespace = await SpecNamespace.open();
    const { claim } = await pairAt(namespace, lease.disk);
    const pod = await podWith(namespace, 'three', [claim], {}, ({ spec }) => {
      const [main] = spec.containers;
      if (!main) throw new Error('the fixture has a container');
      const { volumeMounts: _none, ...without } = structuredClone(main);
      spec.containers.push({ ...structuredClone(main), name: 'beside' }, { ...without, name: 'without' });
    });
    await expect(pod).to.runOn(here);

    const node = namespace.cluster.node(here);
    await onNode(node, ['sh', '-c', 'echo from the node >"$1/file"', 'sh', lease.disk.path]);
    const inode = ['stat', '-c', '%i'] as const;
    const onDisk = await onNode(node, [...inode, `${lease.disk.path}/file`]);
    for (const container of ['main', 'beside']) {
      expect(await readInPod(pod, '/data/file', { container }), container).to.equal('from the node\n');
      expect(await runInPod(pod, [...inode, '/data/file'], { container }), container).to.equal(onDisk);
    }
    await runInPod(pod, ['sh', '-c', 'echo from the pod >/data/file'], { container: 'beside' });
    expect(await onNode(node, ['cat', `${lease.disk.path}/file`])).to.equal('from the pod\n');

    const devices = (await containerMounts(pod, 'without')).map(({ device }) => device);
    expect(devices, 'the mounts of the container without it').not.to.include(lease.disk.deviceNumber);
    expect((await tryInPod(pod, ['ls', '/data'], { container: 'without' })).stderr).to.include('No such file');
  });

  proves('LV-ACCESS-11', async () => {
    const here = assignedNode();
    await using lease = await leaseBackEnd(here, backEndOf('LOOP'));
    await using namespace = await SpecNamespace.open();
    const { disk } = lease;
    const at = (name: string) => ({ ...disk, path: `${disk.path}/${name}`, root: `/${name}` });
    await onNode(namespace.cluster.node(here), ['sh', '-c', 'cd "$1" && mkdir data noexec nosuid', 'sh', disk.path]);
    const withOption = (name: string) =>
      pairAt(namespace, at(name), {
        name,
        volume: ({ spec }) => {
          spec.mountOptions = [name];
        },
      });
    const plain = await pairAt(namespace, at('data'));
    const [noexec, nosuid] = [await withOption('noexec'), await withOption('nosuid')];
    const places = ['/data', '/data-2', '/data-3'];
    const pod = await podWith(namespace, 'runner', [plain.claim, noexec.claim, nosuid.claim], {}, ({ spec }) => {
      const [main] = spec.containers;
      if (!main) throw new Error('the fixture has a container');
      const copy = 'for place; do cp /bin/busybox "$place/busybox" && chmod 4755 "$place/busybox"; done';
      spec.initContainers = [{ ...structuredClone(main), name: 'copy', command: ['sh', '-c', copy, 'sh', ...places] }];
      runAs(main, 1000);
      // Without it, the kernel ignores setuid bits everywhere.
      main.securityContext = { ...main.securityContext, allowPrivilegeEscalation: true };
    });
    await expect(pod).to.runOn(here);

    const ends = [
      await mountedFrom(at('data'), pod, plain.volume, '/data'),
      await mountedFrom(at('noexec'), pod, noexec.volume, '/data-2'),
      await mountedFrom(at('nosuid'), pod, nosuid.volume, '/data-3'),
    ];
    const options = ends.map(({ kubelet, container }) =>
      [kubelet, container].map((mount) => mount.options.filter((option) => option.startsWith('no'))),
    );
    expect(options, 'kubelet’s directory and container, of each volume').to.deep.equal([
      [[], []],
      [['noexec'], ['noexec']],
      [['nosuid'], ['nosuid']],
    ]);

    // A process that a setuid bit has made another user's is root's in /proc, also once it has given that up.
    const owner = (place: string) => tryInPod(pod, [`${place}/busybox`, 'stat', '-c', '%u', '/proc/self/auxv']);
    expect((await owner('/data')).stdout, 'without options').to.equal('0\n');
    expect((await owner('/data-3')).stdout, 'with nosuid').to.equal('1000\n');
    const { status, stderr } = await tryInPod(pod, ['sh', '-c', '/data-2/busybox true']);
    expect(status, 'with noexec').to.equal(126);
    expect(stderr).to.include('Permission denied');
  });

  proves('LV-ACCESS-16', async () => {
    const here = assignedNode();
    await using lease = await leaseBackEnd(here, backEndOf('LOOP'));
    await using namespace = await SpecNamespace.open();
    const { claim } = await pairAt(namespace, lease.disk);
    const node = namespace.cluster.node(here);
    await onNode(node, ['mkdir', `${lease.disk.path}/late`]);
    const pod = await podWith(namespace, 'two-views', [claim], {}, ({ spec }) => {
      const [main] = spec.containers;
      if (!main) throw new Error('the fixture has a container');
      const view = (name: string, mountPropagation: 'HostToContainer' | 'None') => ({
        ...structuredClone(main),
        name,
        volumeMounts: [{ name: 'data', mountPath: '/data', mountPropagation }],
      });
      spec.containers = [view('following', 'HostToContainer'), view('apart', 'None')];
    });
    await expect(pod).to.runOn(here);

    const late = async (container: string) => mountAt(await containerMounts(pod, container), '/data/late');
    {
      await using mounted = await mountOnNode(node, `${lease.disk.path}/late`);
      await onNode(node, ['touch', `${mounted.path}/file`]);
      expect((await late('following'))?.fileSystem).to.equal('tmpfs');
      expect(await runInPod(pod, ['ls', '/data/late'], { container: 'following' })).to.equal('file\n');
      expect(await late('apart')).to.equal(undefined);
      expect(await runInPod(pod, ['ls', '/data/late'], { container: 'apart' })).to.equal('');
    }
    expect(await late('following'), 'unmounted on the node').to.equal(undefined);
  });

  proves('LV-ACCESS-17', async () => {
    const here = assignedNode();
    const [smallBytes, largeBytes] = [16 * mebibyte, 48 * mebibyte];
    await using smallLease = await leaseBackEnd(here, backEndOf('LOOP'), { bytes: smallBytes });
    await using largeLease = await leaseBackEnd(here, backEndOf('LOOP'), { bytes: largeBytes });
    await using namespace = await SpecNamespace.open();
    const small = await pairAt(namespace, smallLease.disk, {
      claim: ({ spec }) => {
        spec.resources.requests.storage = '1Mi';
      },
    });
    const large = await pairAt(namespace, largeLease.disk, {
      name: 'large',
      volume: ({ spec }) => {
        spec.capacity.storage = '1Mi';
      },
      claim: ({ spec }) => {
        spec.resources.requests.storage = '1Mi';
      },
    });
    const pod = await podWith(namespace, 'writer', [small.claim, large.claim]);
    await expect(pod).to.runOn(here);
    expect(small.claim.now.status?.capacity, 'asked for 1Mi, has the whole volume').to.deep.equal({ storage: '1Gi' });
    expect(large.claim.now.status?.capacity).to.deep.equal({ storage: '1Mi' });

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
    this.timeout(150_000);
    const bytes = 16 * mebibyte;
    await using lease = await leaseBackEnd('node2', backEndOf('LOOP'), { bytes });
    await using namespace = await SpecNamespace.open();
    const { volume, claim } = await pairAt(namespace, lease.disk);
    expect(volume.now.spec?.capacity, 'what the volume says of itself').to.deep.equal({ storage: '1Gi' });
    // Before the pod: kubelet may measure at any moment from then on.
    await onNode(namespace.cluster.node('node2'), [
      'dd',
      'if=/dev/zero',
      `of=${lease.disk.path}/payload`,
      'bs=1M',
      'count=4',
    ]);
    const pod = await podWith(namespace, 'measured', [claim]);
    await expect(pod).to.runOn('node2');

    const measured = await volumeStatistics(pod);
    evidence.keep('statistics', measured);
    const { blocks, blockSize, available } = await freeSpace(pod, '/data');
    expect(measured).to.deep.include({
      pvcRef: { name: claim.name, namespace: namespace.name },
      capacityBytes: blocks * blockSize,
      availableBytes: available * blockSize,
    });
    expect(measured.capacityBytes, 'of the disk, not of the volume').to.be.below(bytes);
    expect(measured.usedBytes, 'with what was on it').to.be.within(4 * mebibyte, 5 * mebibyte);
  });
});
