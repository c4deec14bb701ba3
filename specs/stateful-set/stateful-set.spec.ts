import {
  anotherNode,
  cordonedNode,
  eventually,
  evidence,
  expect,
  firstNode,
  type Handle,
  knownToScheduler,
  leaseVolume,
  type ManifestOf,
  oneNode,
  readChapter,
  reasons,
  SpecNamespace,
  scheduledTo,
  secondNode,
  thirdNode,
} from '../harness/index.ts';
import {
  localSet,
  member,
  offerDirectories,
  placements,
  ready,
  replaced,
  scale,
  setName,
  sign,
  signatures,
} from './stateful-sets.ts';

const { chapter, proves } = readChapter('stateful-set');

const small = { bytes: 16 * 2 ** 20 };

/** For sets whose order of starting is not the subject. */
const inParallel = (spec: ManifestOf<'StatefulSet'>['spec']): void => {
  spec.podManagementPolicy = 'Parallel';
};

describe(chapter, () => {
  proves('LV-SET-05', async () => {
    await using onNode2 = await leaseVolume(oneNode(), 'LOOP', small);
    await using onNode3 = await leaseVolume(anotherNode(), 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    for (const disk of [onNode2, onNode3]) await offerDirectories(namespace, disk, 2);
    const first = await localSet(namespace, { replicas: 2, claims: 2 }, inParallel);
    await ready(first, 2);
    const before = await placements(first);
    expect(before.map(({ node }) => node)).to.have.members([oneNode(), anotherNode()]);
    const members = [await member(namespace, 0), await member(namespace, 1)];
    for (const { pod } of members) await sign(pod);

    await namespace.remove(first);
    for (const { pod } of members) await expect(pod).to.beGone();
    for (const { claim } of members) expect(claim.now.status?.phase, `${claim} outlives the set`).to.equal('Bound');
    const second = await localSet(namespace, { replicas: 2, claims: 2 }, inParallel);
    await ready(second, 2);
    for (const { pod } of members) await sign(pod);

    expect(await placements(second), 'every ordinal is back at its node, with its volumes').to.deep.equal(before);
    const signed = await signatures(
      namespace,
      before.flatMap(({ volumes }) => volumes),
    );
    evidence.keep('placements', before);
    evidence.keep('signatures', signed);
    for (const { pod, volumes } of before) {
      expect(volumes.map(({ path }) => signed[path])).to.deep.equal([
        [`${pod} /data`, `${pod} /data`],
        [`${pod} /data-2`, `${pod} /data-2`],
      ]);
    }
  });

  proves('LV-SET-06', async () => {
    await using first = await leaseVolume(oneNode(), 'LOOP', small);
    await using second = await leaseVolume(anotherNode(), 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const [former] = await offerDirectories(namespace, first, 1);
    if (!former) throw new Error('no volume was offered');
    const set = await localSet(namespace, { replicas: 1 });
    await ready(set, 1);
    await offerDirectories(namespace, second, 1);
    const [before] = await placements(set);
    if (!before) throw new Error('the set has no pod');
    const { pod, claim } = await member(namespace, 0);
    await sign(pod);
    const formerClaim = claim.now.metadata.uid;

    await using _cordon = await cordonedNode(oneNode());
    await knownToScheduler(namespace, oneNode());
    await replaced(pod, () => namespace.cluster.client.remove(pod.ref));
    await expect(pod).to.beUnschedulable({ [reasons.cordoned]: 1, [reasons.volumeAffinity]: 'the other nodes' });
    await replaced(claim, () => namespace.cluster.client.remove(claim.ref));
    await scheduledTo(pod, anotherNode());
    await ready(set, 1);
    await sign(pod);

    const [after] = await placements(set);
    expect(
      after?.volumes.map(({ node }) => node),
      'the new claim has the volume of the other node',
    ).to.deep.equal([anotherNode()]);
    const [oldVolume, newVolume] = [before.volumes[0], after?.volumes[0]];
    if (!oldVolume || !newVolume) throw new Error('a claim without a volume');
    expect(oldVolume.volume, 'what it had before').to.equal(former.name);
    // The set's next claim and pod do not wait until the former volume is released.
    await expect(former).to.reachPhase('Released');
    expect(former.now.spec?.claimRef?.uid, 'it remembers the claim that is gone').to.equal(formerClaim);
    const signed = await signatures(namespace, [oldVolume, newVolume]);
    expect(signed, 'the old data stays where it was, and the new disk has none of it').to.deep.equal({
      [oldVolume.path]: [`${pod.name} /data`],
      [newVolume.path]: [`${pod.name} /data`],
    });
  });

  proves('LV-SET-11', async () => {
    await using onNode2 = await leaseVolume(secondNode(), 'LOOP', small);
    await using onNode3 = await leaseVolume(thirdNode(), 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    for (const disk of [onNode2, onNode3]) await offerDirectories(namespace, disk, 1);
    const set = await localSet(namespace, { replicas: 2 }, inParallel);
    await ready(set, 2);
    const before = await placements(set);
    const { pod, claim } = await member(namespace, 0);
    await sign(pod);
    const claimId = claim.now.metadata.uid;
    // Two more volumes to choose from, if there were a choice.
    for (const node of [firstNode(), thirdNode()])
      await namespace.volume(`spare-${node}`, { node, path: '/mnt/disks/none' });

    await replaced(pod, () => namespace.cluster.client.remove(pod.ref));
    await ready(set, 2);
    await sign(pod);
    expect(await placements(set)).to.deep.equal(before);
    expect(claim.now.metadata.uid, 'it is the same claim').to.equal(claimId);
    const [volume] = before.find(({ pod: name }) => name === pod.name)?.volumes ?? [];
    if (!volume) throw new Error(`${pod} has no volume`);
    const line = `${setName}-0 /data`;
    expect(await signatures(namespace, [volume])).to.deep.equal({ [volume.path]: [line, line] });
  });

  proves('LV-SET-12', async () => {
    await using onNode1 = await leaseVolume(firstNode(), 'LOOP', small);
    await using onNode2 = await leaseVolume(secondNode(), 'LOOP', small);
    await using onNode3 = await leaseVolume(thirdNode(), 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    for (const disk of [onNode1, onNode2, onNode3]) await offerDirectories(namespace, disk, 1);
    const set = await localSet(namespace, { replicas: 3 }, inParallel);
    await ready(set, 3);
    const before = await placements(set);
    const [first, ...others] = [await member(namespace, 0), await member(namespace, 1), await member(namespace, 2)];
    for (const { pod } of others) await sign(pod);
    const firstId = first?.pod.now.metadata.uid;

    await scale(namespace, set, 1);
    for (const { pod } of others) await expect(pod).to.beGone();
    for (const { claim } of others) expect(claim.now.status?.phase, `${claim} outlives its pod`).to.equal('Bound');
    await ready(set, 1);
    await scale(namespace, set, 3);
    await ready(set, 3);
    for (const { pod } of others) await sign(pod);

    expect(await placements(set), 'every ordinal has its node and volume again').to.deep.equal(before);
    expect(first?.pod.now.metadata.uid, 'the pod with ordinal 0 was left alone').to.equal(firstId);
    const moved = before.filter(({ pod }) => pod !== `${setName}-0`);
    const signed = await signatures(
      namespace,
      moved.flatMap(({ volumes }) => volumes),
    );
    for (const { pod, volumes } of moved)
      expect(volumes.map(({ path }) => signed[path])).to.deep.equal([[`${pod} /data`, `${pod} /data`]]);
  });

  proves('LV-SET-13', async () => {
    await using onNode2 = await leaseVolume(oneNode(), 'LOOP', small);
    await using onNode3 = await leaseVolume(anotherNode(), 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    await offerDirectories(namespace, onNode2, 1);
    const set = await localSet(namespace, { replicas: 2 });
    const { pod } = await member(namespace, 1);
    await expect(pod).to.beUnschedulable({ [reasons.noVolume]: 'every node' });
    await eventually(set as unknown as Handle, `${set} to have one of two pods Ready`, (store) => {
      const { replicas, readyReplicas } = store.get(set.ref)?.status ?? {};
      return replicas === 2 && readyReplicas === 1;
    });
    expect((await placements(set)).map(({ pod, node }) => [pod, node])).to.deep.equal([
      [`${setName}-0`, oneNode()],
      [`${setName}-1`, ''],
    ]);
    await offerDirectories(namespace, onNode3, 1);
    await expect(pod).to.runOn(anotherNode());
    await ready(set, 2);
  });
});
