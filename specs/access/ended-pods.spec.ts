import {
  assignedNode,
  expect,
  knownIssue,
  leaseVolume,
  mappedDirectory,
  markForDeletion,
  mountAt,
  mountPointsWith,
  nodeMounts,
  onNode,
  podVolumeDirectory,
  readChapter,
  SpecNamespace,
  stagedDirectory,
  unmounted,
} from '../harness/index.ts';
import { awaitFile } from './node-directories.ts';

const { chapter, proves } = readChapter('access');

/** Returns the containers of a pod that runs this shell script and ends. */
const once = (script: string) => [{ command: ['sh', '-ceu', script] }];

describe(chapter, () => {
  proves('LV-ACCESS-21', async () => {
    const here = assignedNode();
    await using mounted = await leaseVolume(here, 'LOOP');
    await using device = await leaseVolume(here, 'FORMAT');
    await using raw = await leaseVolume(here, 'BLOCK');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const first = await namespace.boundVolume('data', mounted);
    const second = await namespace.boundVolume('device', device);
    const third = await namespace.boundVolume('raw', raw);
    const work = `for place in /data /data-2; do echo done >$place/result; sync $place/result; done
      echo done | dd of=/dev/data-3 conv=fsync`;
    const pod = await namespace.pod('job', {
      claims: [first.claim, second.claim, third.claim],
      as: ['files', 'files', 'devices'],
      containers: once(work),
    });
    await expect(pod).to.reachPhase('Succeeded');
    const { uid } = pod.now.metadata;
    for (const { name } of [first.volume, second.volume]) await unmounted(here, podVolumeDirectory(here, uid, name));
    await unmounted(here, stagedDirectory(here, second.volume.name));
    await unmounted(here, `${mappedDirectory(here, third.volume.name)}/${uid}`);
    expect(await mountPointsWith(here, `${uid}/volume`), 'what is left of the volumes').to.deep.equal([]);
    expect(pod.now.status?.phase, 'the pod object is there').to.equal('Succeeded');
    const node = namespace.cluster.node(here);
    expect(await onNode(node, ['cat', `${mounted.path}/result`])).to.equal('done\n');
    const onDevice = ['debugfs', '-R', 'cat result', device.path] as const;
    expect(await onNode(node, onDevice), 'on the device').to.equal('done\n');
    expect(await onNode(node, ['head', '--bytes', '5', raw.path]), 'on the raw device').to.equal('done\n');
  });

  proves('LV-ACCESS-22', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP');
    await using namespace = await SpecNamespace.open();
    const onePod = { spec: { accessModes: ['ReadWriteOncePod'] } };
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', { ...lease, volume: onePod, claim: onePod });
    const first = await namespace.pod('first', { claims: [claim], containers: once('echo first >/data/result') });
    await expect(first).to.reachPhase('Succeeded');
    const second = await namespace.pod('second', { claims: [claim] });
    await expect(second).to.runOn(here);
    await expect(second).to.mount(volume, { from: lease });
    expect(first.now.status?.phase, 'the first pod object is there').to.equal('Succeeded');
  });

  proves('LV-ACCESS-23', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'DIR');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const used = await namespace.boundVolume('data', lease);
    const unused = await namespace.boundVolume('unused', lease);
    const pod = await namespace.pod('job', { claims: [used.claim], containers: once('true') });
    await expect(pod).to.reachPhase('Succeeded');
    await unmounted(here, podVolumeDirectory(here, pod.now.metadata.uid, used.volume.name));
    await markForDeletion(namespace, used.claim);
    // The controller has one queue: once it has removed a claim that was deleted later, it has looked at this one.
    await namespace.remove(unused.claim);
    await knownIssue(() => expect(used.claim).to.beGone({ within: 1000 }));
  });

  proves('LV-ACCESS-27', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP');
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(here);
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', lease);
    const other = await namespace.boundVolume('other', lease);
    const ending =
      "trap 'echo ending >/data/ending; until [ -e /data/may-end ]; do sleep 0.1; done; echo last words >/data/end; exit 0' TERM; sleep infinity & wait";
    const pod = await namespace.pod('ending', {
      claims: [claim],
      // Longer than the removal of the witness may take.
      spec: { terminationGracePeriodSeconds: 90 },
      containers: [{ command: ['sh', '-c', ending] }],
    });
    const witness = await namespace.pod('witness', { claims: [other.claim] });
    for (const one of [pod, witness]) await expect(one).to.runOn(here);
    const directory = podVolumeDirectory(here, pod.now.metadata.uid, volume.name);

    await markForDeletion(namespace, pod);
    await awaitFile(node, `${lease.path}/ending`);
    // kubelet has taken down the volume of a pod that was deleted later: it has looked at this one, too.
    await namespace.remove(witness);
    const device = async () => mountAt(await nodeMounts(node), directory)?.device;
    expect(await device(), 'kubelet’s mount, while the container ends').to.equal(lease.deviceNumber);
    await onNode(node, ['touch', `${lease.path}/may-end`]);
    await expect(pod).to.beGone();
    expect(await onNode(node, ['cat', `${lease.path}/end`])).to.equal('last words\n');
    expect(await device(), 'kubelet’s mount, once it has ended').to.equal(undefined);
  });
});
