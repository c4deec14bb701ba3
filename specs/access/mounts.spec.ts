import {
  assignedNode,
  containerMounts,
  expect,
  leaseVolume,
  mountAt,
  nodeMounts,
  onNode,
  placesOf,
  readChapter,
  readInPod,
  runAs,
  runInPod,
  SpecNamespace,
  tryInPod,
} from '../harness/index.ts';
import { mountOnNode } from './node-directories.ts';

const { chapter, proves } = readChapter('access');

describe(chapter, () => {
  proves('LV-ACCESS-05', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'DIR');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const used = await namespace.boundVolume('data', lease);
    const unused = await namespace.boundVolume('unused', lease);
    const pod = await namespace.pod('sparing', {
      claims: [used.claim, unused.claim],
      containers: [{ volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    });
    await expect(pod).to.runOn(here);
    const places = `${placesOf(here).kubelet}/pods/${pod.now.metadata.uid}/volumes/kubernetes.io~local-volume`;
    expect(await onNode(namespace.cluster.node(here), ['ls', places])).to.equal(`${used.volume.name}\n`);
  });

  proves('LV-ACCESS-06', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const pod = await namespace.pod('three', {
      claims: [claim],
      containers: [{}, { name: 'beside' }, { name: 'without', volumeMounts: [] }],
    });
    await expect(pod).to.runOn(here);

    const node = namespace.cluster.node(here);
    await onNode(node, ['sh', '-c', 'echo from the node >"$1/file"', 'sh', lease.path]);
    const inode = ['stat', '-c', '%i'] as const;
    const onDisk = await onNode(node, [...inode, `${lease.path}/file`]);
    for (const container of ['main', 'beside']) {
      expect(await readInPod(pod, '/data/file', { container }), container).to.equal('from the node\n');
      expect(await runInPod(pod, [...inode, '/data/file'], { container }), container).to.equal(onDisk);
    }
    await runInPod(pod, ['sh', '-c', 'echo from the pod >/data/file'], { container: 'beside' });
    expect(await onNode(node, ['cat', `${lease.path}/file`])).to.equal('from the pod\n');

    const devices = (await containerMounts(pod, 'without')).map(({ device }) => device);
    expect(devices, 'the mounts of the container without it').not.to.include(lease.deviceNumber);
    expect((await tryInPod(pod, ['ls', '/data'], { container: 'without' })).stderr).to.include('No such file');
  });

  proves('LV-ACCESS-11', async () => {
    const here = assignedNode();
    await using disk = await leaseVolume(here, 'LOOP');
    await using device = await leaseVolume(here, 'FORMAT');
    await using namespace = await SpecNamespace.open();
    const at = (name: string) => ({ ...disk, path: `${disk.path}/${name}`, root: `/${name}` });
    await onNode(namespace.cluster.node(here), ['sh', '-c', 'cd "$1" && mkdir data noexec nosuid', 'sh', disk.path]);
    const withOption = (name: string) =>
      namespace.boundVolume(name, { ...at(name), volume: { spec: { mountOptions: [name] } } });
    await namespace.storageClass();
    const plain = await namespace.boundVolume('data', at('data'));
    const [noexec, nosuid] = [await withOption('noexec'), await withOption('nosuid')];
    // Of these, one is of the mount and the other of the file system, which is mounted once for all pods.
    const formatted = await namespace.boundVolume('formatted', {
      ...device,
      volume: { spec: { mountOptions: ['noatime', 'discard'] } },
    });
    const places = ['/data', '/data-2', '/data-3'];
    const copy = 'for place; do cp /bin/busybox "$place/busybox" && chmod 4755 "$place/busybox"; done';
    const pod = await namespace.pod('runner', {
      claims: [plain.claim, noexec.claim, nosuid.claim, formatted.claim],
      initContainers: [{ name: 'copy', command: ['sh', '-c', copy, 'sh', ...places] }],
      // Without privilege escalation, the kernel ignores setuid bits everywhere.
      containers: [{ securityContext: { ...runAs(1000).securityContext, allowPrivilegeEscalation: true } }],
    });
    await expect(pod).to.runOn(here);

    const ends = [
      await expect(pod).to.mount(plain.volume, { path: '/data', from: at('data') }),
      await expect(pod).to.mount(noexec.volume, { path: '/data-2', from: at('noexec') }),
      await expect(pod).to.mount(nosuid.volume, { path: '/data-3', from: at('nosuid') }),
      await expect(pod).to.mount(formatted.volume, { path: '/data-4', from: device }),
    ];
    const options = ends.map(({ kubelet, container }) =>
      [kubelet, container].map((mount) => mount.options.filter((option) => option.startsWith('no'))),
    );
    expect(options, 'kubelet’s directory and container, of each volume').to.deep.equal([
      [[], []],
      [['noexec'], ['noexec']],
      [['nosuid'], ['nosuid']],
      [['noatime'], ['noatime']],
    ]);
    expect(ends[3]?.node.superOptions, 'the file system on the device').to.include('discard');

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
    await using lease = await leaseVolume(here, 'LOOP');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const node = namespace.cluster.node(here);
    await onNode(node, ['mkdir', `${lease.path}/late`]);
    const pod = await namespace.pod('two-views', {
      claims: [claim],
      containers: [
        {
          name: 'following',
          volumeMounts: [{ name: 'data', mountPath: '/data', mountPropagation: 'HostToContainer' }],
        },
        { name: 'apart' },
      ],
    });
    await expect(pod).to.runOn(here);

    const late = async (container: string) => mountAt(await containerMounts(pod, container), '/data/late');
    {
      await using mounted = await mountOnNode(node, `${lease.path}/late`);
      await onNode(node, ['touch', `${mounted.path}/file`]);
      expect((await late('following'))?.fileSystem).to.equal('tmpfs');
      expect(await runInPod(pod, ['ls', '/data/late'], { container: 'following' })).to.equal('file\n');
      expect(await late('apart')).to.equal(undefined);
      expect(await runInPod(pod, ['ls', '/data/late'], { container: 'apart' })).to.equal('');
    }
    expect(await late('following'), 'unmounted on the node').to.equal(undefined);
  });

  proves('LV-ACCESS-26', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const mounted = (mountPropagation: string) => [{ name: 'data', mountPath: '/data', mountPropagation }];
    const securityContext = { privileged: true, allowPrivilegeEscalation: true };
    const podOf = (name: string, propagation: string) =>
      namespace.pod(name, {
        claims: [claim],
        containers: [{ securityContext, volumeMounts: mounted(propagation) }],
      });
    const [maker, follower] = [await podOf('maker', 'Bidirectional'), await podOf('follower', 'HostToContainer')];
    for (const pod of [maker, follower]) await expect(pod).to.runOn(here);
    const node = namespace.cluster.node(here);
    const seen = async () => ({
      node: mountAt(await nodeMounts(node), `${lease.path}/made`)?.fileSystem,
      follower: mountAt(await containerMounts(follower), '/data/made')?.fileSystem,
    });
    const mount = (name: string) => `mkdir /data/${name} && mount -t tmpfs -o size=1m ${name} /data/${name}`;
    await runInPod(follower, ['sh', '-c', mount('own')]);
    const own = (await nodeMounts(node)).filter(({ mountPoint }) => mountPoint.startsWith(`${lease.path}/`));
    expect(own, 'on the node, of what the container with HostToContainer has mounted').to.deep.equal([]);
    await runInPod(maker, ['sh', '-c', mount('made')]);
    try {
      expect(await seen(), 'mounted by the container').to.deep.equal({ node: 'tmpfs', follower: 'tmpfs' });
    } finally {
      // Whatever is mounted below keeps kubelet from unmounting the volume.
      await runInPod(maker, ['umount', '/data/made']);
    }
    expect(await seen(), 'unmounted by the container').to.deep.equal({ node: undefined, follower: undefined });
  });
});
