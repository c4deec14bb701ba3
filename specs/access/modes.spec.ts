import {
  absentDisk,
  anotherNode,
  assignedNode,
  eventually,
  evidence,
  expect,
  leaseVolume,
  oneAtATime,
  oneNode,
  onNode,
  type PodHandle,
  readChapter,
  reasons,
  runInPod,
  SpecNamespace,
  tryInPod,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('access');

/** Makes kubelet look at the pod again, and waits until it has reported the same a second time. */
async function refusedAgain({ cluster }: SpecNamespace, pod: PodHandle, message: string): Promise<void> {
  await cluster.client.patch(pod.ref, { type: 'merge', change: { metadata: { labels: { look: 'again' } } } });
  await eventually(pod, `kubelet to report a second time about ${pod}: ${message}`, (store) =>
    store.eventsOf(pod.ref).some((event) => event.message === message && (event.count ?? 1) > 1),
  );
}

describe(chapter, () => {
  proves('LV-ACCESS-02', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', lease);
    const put = 'echo for all >"$1/file"';
    await onNode(namespace.cluster.node(here), ['sh', '-c', put, 'sh', lease.path]);
    const reader = (name: string) => namespace.pod(name, { claims: [claim], readOnly: true });
    for (const pod of [await reader('one'), await reader('two')]) {
      await expect(pod).to.runOn(here);
      expect(await runInPod(pod, ['cat', '/data/file'])).to.equal('for all\n');
      const { stderr } = await tryInPod(pod, ['sh', '-c', 'echo for me >/data/file']);
      expect(stderr).to.include('Read-only file system');
      const { kubelet, container } = await expect(pod).to.mount(volume, { from: lease });
      expect([kubelet.options[0], container.options[0]], 'kubelet’s mount, the container’s').to.deep.equal([
        'ro',
        'ro',
      ]);
    }
  });

  proves('LV-ACCESS-03', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'DIR');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', { ...lease, volumeMode: 'Block' });
    const pod = await namespace.pod('mapper', { claims: [claim], as: 'devices' });
    const said = await expect(pod).to.reportEvent('FailedMapVolume', `for volume "${volume.name}"`);
    evidence.keep('kubelet', said);
    expect(said).to.include('MapVolume.MapBlockVolume failed');
    expect(said).to.include(`blkUtil.MapDevice failed. devicePath: ${lease.path}`);
    await refusedAgain(namespace, pod, said);
    expect(pod.now.status?.phase).to.equal('Pending');
  });

  proves('LV-ACCESS-04', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    // Modes are compared before any path is looked at, so that none has to be there.
    const at = absentDisk();
    const block = await namespace.boundVolume('block', {
      ...at,
      volumeMode: 'Block',
    });
    const files = await namespace.boundVolume('files', at);
    const mounter = await namespace.pod('mounter', { claims: [block.claim] });
    const mapper = await namespace.pod('mapper', { claims: [files.claim], as: 'devices' });
    for (const [pod, message] of [
      [mounter, 'volume data has volumeMode Block, but is specified in volumeMounts'],
      [mapper, 'volume data has volumeMode Filesystem, but is specified in volumeDevices'],
    ] as const) {
      const said = await expect(pod).to.reportEvent('FailedMount', message);
      evidence.keep(`kubelet-of-${pod.name}`, said);
      await refusedAgain(namespace, pod, said);
      expect(pod.now.status?.phase).to.equal('Pending');
    }
  });

  proves('LV-ACCESS-13', () => oneAtATime('DIR', 'Filesystem'));

  proves('LV-ACCESS-15', async () => {
    await using lease = await leaseVolume(oneNode(), 'DIR');
    await using namespace = await SpecNamespace.open();
    const many = { spec: { accessModes: ['ReadWriteMany'] } };
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', {
      ...lease,
      volume: many,
      claim: many,
    });
    expect(claim.now.status?.accessModes).to.deep.equal(['ReadWriteMany']);
    const [here, there] = [
      await namespace.pod('anywhere', { claims: [claim] }),
      await namespace.pod('elsewhere', { claims: [claim], node: anotherNode() }),
    ];
    await expect(there).to.beUnschedulable({ [reasons.volumeAffinity]: 1, [reasons.podAffinity]: 'the other nodes' });
    await expect(here).to.runOn(oneNode());
  });

  proves('LV-ACCESS-24', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP');
    await using namespace = await SpecNamespace.open();
    const forReading = { spec: { accessModes: ['ReadOnlyMany'] } };
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', { ...lease, volume: forReading, claim: forReading });
    expect(claim.now.status?.accessModes).to.deep.equal(['ReadOnlyMany']);
    const pod = await namespace.pod('writer', { claims: [claim] });
    await expect(pod).to.runOn(here);
    const { kubelet, container } = await expect(pod).to.mount(volume, { from: lease });
    expect([kubelet.options[0], container.options[0]], 'kubelet’s mount, the container’s').to.deep.equal(['rw', 'rw']);
    await runInPod(pod, ['sh', '-c', 'echo written >/data/file']);
    expect(await onNode(namespace.cluster.node(here), ['cat', `${lease.path}/file`])).to.equal('written\n');
  });
});
