import {
  assignedNode,
  backEndOf,
  boundPair,
  evidence,
  expect,
  leaseBackEnd,
  localClass,
  mountedFrom,
  nowhereHere,
  onNode,
  pairAt,
  podWith,
  podWithDevice,
  readChapter,
  runInPod,
  SpecNamespace,
  tryInPod,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('access');

describe(chapter, () => {
  proves('LV-ACCESS-02', async () => {
    const here = assignedNode();
    await using lease = await leaseBackEnd(here, backEndOf('LOOP'));
    await using namespace = await SpecNamespace.open();
    const { volume, claim } = await pairAt(namespace, lease.disk);
    const put = 'echo for all >"$1/file"';
    await onNode(namespace.cluster.node(here), ['sh', '-c', put, 'sh', lease.disk.path]);
    const reader = (name: string) =>
      podWith(namespace, name, [claim], {}, ({ spec }) => {
        for (const { persistentVolumeClaim } of spec.volumes ?? [])
          if (persistentVolumeClaim) persistentVolumeClaim.readOnly = true;
      });
    for (const pod of [await reader('one'), await reader('two')]) {
      await expect(pod).to.runOn(here);
      expect(await runInPod(pod, ['cat', '/data/file'])).to.equal('for all\n');
      const { stderr } = await tryInPod(pod, ['sh', '-c', 'echo for me >/data/file']);
      expect(stderr).to.include('Read-only file system');
      const { kubelet, container } = await mountedFrom(lease.disk, pod, volume);
      expect([kubelet.options[0], container.options[0]]).to.deep.equal(['ro', 'ro']);
    }
  });

  proves('LV-ACCESS-03', async () => {
    const here = assignedNode();
    await using lease = await leaseBackEnd(here, backEndOf('DIR'));
    await using namespace = await SpecNamespace.open();
    const { volume, claim } = await pairAt(namespace, { ...lease.disk, volumeMode: 'Block' });
    const pod = await podWithDevice(namespace, 'mapper', claim);
    const said = await expect(pod).to.reportEvent('FailedMapVolume', `for volume "${volume.name}"`);
    evidence.keep('kubelet', said);
    expect(said).to.include('MapVolume.MapBlockVolume failed');
    expect(said).to.include(`blkUtil.MapDevice failed. devicePath: ${lease.disk.path}`);
    expect(pod.now.status?.phase).to.equal('Pending');
  });

  proves('LV-ACCESS-04', async () => {
    await using namespace = await SpecNamespace.open();
    await localClass(namespace);
    // Modes are compared before any path is looked at, so that none has to be there.
    const at = nowhereHere();
    const ofBlock = (manifest: { spec: { volumeMode?: 'Filesystem' | 'Block' } }) => {
      manifest.spec.volumeMode = 'Block';
    };
    const block = await boundPair(namespace, 'block', at, { volume: ofBlock, claim: ofBlock });
    const files = await boundPair(namespace, 'files', at);
    const mounter = await podWith(namespace, 'mounter', [block.claim]);
    const mapper = await podWithDevice(namespace, 'mapper', files.claim);
    for (const [pod, message] of [
      [mounter, 'volume data has volumeMode Block, but is specified in volumeMounts'],
      [mapper, 'volume data has volumeMode Filesystem, but is specified in volumeDevices'],
    ] as const) {
      evidence.keep(`kubelet-of-${pod.name}`, await expect(pod).to.reportEvent('FailedMount', message));
      expect(pod.now.status?.phase).to.equal('Pending');
    }
  });

  proves('LV-ACCESS-13', async () => {
    const here = assignedNode();
    await using lease = await leaseBackEnd(here, backEndOf('DIR'));
    await using namespace = await SpecNamespace.open();
    const onePod = (manifest: { spec: { accessModes: string[] } }) => {
      manifest.spec.accessModes = ['ReadWriteOncePod'];
    };
    const { volume, claim } = await pairAt(namespace, lease.disk, { volume: onePod, claim: onePod });
    const past = (name: string) =>
      podWith(namespace, name, [claim], {}, ({ spec }) => {
        spec.nodeName = here;
      });
    const first = await past('first');
    await expect(first).to.runOn(here);
    const second = await past('second');
    const refused = `MountVolume.SetUp failed for volume "${volume.name}" : volume uses the ReadWriteOncePod access mode and is already in use by another pod`;
    evidence.keep('kubelet', await expect(second).to.reportEvent('FailedMount', refused));
    expect(second.now.status?.phase).to.equal('Pending');
    await namespace.remove(first);
    await expect(second).to.runOn(here);
  });

  proves('LV-ACCESS-15', async () => {
    await using lease = await leaseBackEnd('node2', backEndOf('DIR'));
    await using namespace = await SpecNamespace.open();
    const many = (manifest: { spec: { accessModes: string[] } }) => {
      manifest.spec.accessModes = ['ReadWriteMany'];
    };
    const { claim } = await pairAt(namespace, lease.disk, { volume: many, claim: many });
    expect(claim.now.status?.accessModes).to.deep.equal(['ReadWriteMany']);
    const [here, there] = [
      await podWith(namespace, 'anywhere', [claim]),
      await podWith(namespace, 'elsewhere', [claim], { node: 'node3' }),
    ];
    await expect(there).to.beUnschedulable([
      "1 node(s) didn't match PersistentVolume's node affinity",
      "2 node(s) didn't match Pod's node affinity/selector",
    ]);
    await expect(here).to.runOn('node2');
  });
});
