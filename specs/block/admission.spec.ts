import {
  anotherNode,
  assignedNode,
  evidence,
  expect,
  leaseVolume,
  oneAtATime,
  oneNode,
  onNode,
  readChapter,
  readInPod,
  runAs,
  runInPod,
  SpecNamespace,
  tryInPod,
} from '../harness/index.ts';
import { mappedPod, mappingOf, numberInPod, readSector, textOfSector, writeSector } from './block-volumes.ts';

const { chapter, proves } = readChapter('block');

const bytes = 4 * 2 ** 20;

/** A user, and a group, that nothing else has. */
const [user, group] = [1000, 1234];

describe(chapter, () => {
  proves('LV-BLOCK-14', async () => {
    await using lease = await leaseVolume(oneNode(), 'BLOCK', { bytes });
    await using namespace = await SpecNamespace.open();
    // The path is there on both nodes, like /dev/sdb: only the affinity says whose disk it is.
    await onNode(namespace.cluster.node(anotherNode()), ['test', '-b', lease.path]);
    await namespace.storageClass();
    const theirs = await namespace.boundVolume('theirs', lease);
    const own = await namespace.boundVolume('own', { ...lease, node: anotherNode() });
    const podWith = (name: string, claim: typeof own.claim) =>
      namespace.pod(name, { claims: [claim], as: 'devices', spec: { nodeName: anotherNode() } });
    const refused = await podWith('refused', theirs.claim);
    const message = await expect(refused).to.reportEvent(
      'FailedMount',
      `MapVolume.NodeAffinity check failed for volume "${theirs.volume.name}" : no matching NodeSelectorTerms`,
    );
    evidence.keep('refusal', message);
    const admitted = await podWith('admitted', own.claim);
    await expect(admitted).to.runOn(anotherNode());
    expect(await numberInPod(admitted), 'with the affinity, the same path is mapped').to.equal(lease.deviceNumber);
    expect(refused.now.status?.phase, 'kubelet has gone on, and the pod waits').to.equal('Pending');
    expect(await mappingOf(mappedPod(refused, theirs.volume))).to.deep.equal({
      bound: undefined,
      link: undefined,
      locks: [],
    });
  });

  proves('LV-BLOCK-15', () => oneAtATime('BLOCK', 'Block'));

  proves('LV-BLOCK-16', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'BLOCK', { bytes });
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(here);
    await onNode(node, ['sh', '-ceu', 'chgrp "$2" "$1"; chmod 660 "$1"', 'sh', lease.path, String(group)]);
    const setting = /device_ownership_from_security_context = true/;
    const owned = setting.test(await onNode(node, ['containerd', 'config', 'dump']));
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('disk', lease);
    const podOf = (name: string, securityContext: object) =>
      namespace.pod(name, { claims: [claim], as: 'devices', spec: { securityContext }, containers: [runAs(user)] });
    const stranger = await podOf('stranger', { fsGroup: 4321 });
    const member = await podOf('member', { supplementalGroups: [group] });
    for (const pod of [stranger, member]) await expect(pod).to.runOn(here);
    const text = textOfSector();
    await writeSector(member, text);
    expect(await readSector(member), 'a member of the group').to.equal(text);
    const { status, stderr } = await tryInPod(stranger, ['dd', 'if=/dev/data', 'of=/dev/null', 'bs=512', 'count=1']);
    if (owned) expect(status, 'containerd gives devices to the user of the pod').to.equal(0);
    else expect(stderr, 'EACCES').to.include("can't open '/dev/data': Permission denied");
    expect(await onNode(node, ['stat', '-c', '%u %g %a', lease.path]), 'on the node').to.equal(`0 ${group} 660\n`);
    evidence.keep('attempt', { owned, status, stderr });
  });

  proves('LV-BLOCK-17', async () => {
    const here = assignedNode();
    await using files = await leaseVolume(here, 'LOOP');
    await using raw = await leaseVolume(here, 'BLOCK', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const first = await namespace.boundVolume('files', files);
    const second = await namespace.boundVolume('raw', raw);
    const pod = await namespace.pod('both', {
      claims: [second.claim, first.claim],
      as: ['devices', 'files'],
    });
    await expect(pod).to.runOn(here);
    await expect(pod).to.mount(first.volume, { path: '/data-2', from: files });
    expect(await numberInPod(pod)).to.equal(raw.deviceNumber);
    const text = textOfSector();
    await writeSector(pod, text);
    await runInPod(pod, ['sh', '-c', 'dd if=/dev/data of=/data-2/copy bs=512 count=1']);
    expect(await readInPod(pod, '/data-2/copy'), 'from the one volume to the other').to.equal(text);
  });

  proves('LV-BLOCK-22', async () => {
    const here = assignedNode();
    await using left = await leaseVolume(here, 'BLOCK', { bytes });
    await using right = await leaseVolume(here, 'BLOCK', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const first = await namespace.boundVolume('left', left);
    const second = await namespace.boundVolume('right', right);
    const pod = await namespace.pod('both', { claims: [first.claim, second.claim], as: 'devices' });
    await expect(pod).to.runOn(here);
    const numbers = [await numberInPod(pod), await numberInPod(pod, '/dev/data-2')];
    expect(numbers).to.deep.equal([left.deviceNumber, right.deviceNumber]);
    const text = textOfSector();
    await writeSector(pod, text);
    const node = namespace.cluster.node(here);
    const onDisk = ({ path }: typeof left) => onNode(node, ['dd', `if=${path}`, 'bs=512', 'count=1', 'status=none']);
    expect(await onDisk(left), 'on the disk of the first').to.equal(text);
    expect(await onDisk(right), 'on the disk of the second').not.to.equal(text);
  });
});
