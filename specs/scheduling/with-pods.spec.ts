import {
  absentPath,
  clearClaimRef,
  conditionsSeen,
  eventually,
  evidence,
  expect,
  firstNode,
  leaseVolume,
  manifests,
  nodeCount,
  oneNode,
  readChapter,
  reasons,
  requirePods,
  runInPod,
  SpecNamespace,
  scheduledNode,
  scheduledTo,
  schedulerLookedAgain,
  secondNode,
  thirdNode,
  threeNodes,
  together,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('scheduling');

describe(chapter, () => {
  proves('LV-SCHED-15', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    // node1 has volumes enough for all of them; each of the others has one.
    const places = [firstNode(), firstNode(), firstNode(), firstNode(), secondNode(), thirdNode()];
    const volumes = await together(
      places.map((node, index) => namespace.volume(`volume-${index}`, { node, path: `${absentPath}/${index}` })),
    );
    const apart = async (name: string) => {
      const claim = await namespace.claim(name);
      const pod = await namespace.pod(name, {
        claims: [claim],
        labels: { app: 'apart' },
        change: ({ spec }) => requirePods(spec, 'podAntiAffinity', { app: 'apart' }),
      });
      return { claim, pod };
    };
    const pods = await together(['a', 'b', 'c'].map(apart));
    const landing = await together(pods.map(({ pod }) => scheduledNode(pod)));
    expect(landing.toSorted(), 'one pod per node').to.deep.equal(threeNodes().toSorted());
    for (const [index, { claim }] of pods.entries()) {
      await expect(claim).to.reachPhase('Bound');
      const at = volumes.findIndex(({ name }) => name === claim.now.spec?.volumeName);
      expect(places[at], `the volume of ${claim} is on the node of its pod`).to.equal(landing[index]);
    }
    const fourth = await apart('d');
    await expect(fourth.pod).to.beUnschedulable({ [reasons.antiAffinity]: 1, [reasons.noVolume]: 2 });
  });

  proves('LV-SCHED-16', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const make = (node: string, storage: string, count: number) =>
      Array.from({ length: count }, (_, index) =>
        namespace.volume(`${node}-${index}`, { node, path: `${absentPath}/${index}`, storage }),
      );
    // Volumes of the other nodes are more and larger: neither room nor score leads to node2.
    const [onNode2] = await together([
      together(make(secondNode(), '1Gi', 2)),
      together(make(firstNode(), '100Gi', 3)),
      together(make(thirdNode(), '100Gi', 3)),
    ]);
    const leader = await namespace.boundVolume('leader', { node: oneNode(), path: absentPath });
    const first = await namespace.pod('leader', { claims: [leader.claim], labels: { app: 'together' } });
    await scheduledTo(first, secondNode());
    const follow = async (name: string) => {
      const claim = await namespace.claim(name);
      const pod = await namespace.pod(name, {
        claims: [claim],
        labels: { app: 'together' },
        change: ({ spec }) => requirePods(spec, 'podAffinity', { app: 'together' }),
      });
      return { claim, pod };
    };
    const followers = await together(['a', 'b'].map(follow));
    for (const { pod, claim } of followers) {
      await scheduledTo(pod, secondNode());
      await expect(claim).to.reachPhase('Bound');
    }
    expect(followers.map(({ claim }) => claim.now.spec?.volumeName).toSorted()).to.deep.equal(
      onNode2.map(({ name }) => name).toSorted(),
    );
    const third = await follow('c');
    await expect(third.pod).to.beUnschedulable({ [reasons.noVolume]: 1, [reasons.withPod]: 2 });
  });

  proves('LV-SCHED-17', async () => {
    await using disk = await leaseVolume(oneNode(), 'LOOP', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await oncePair(namespace, disk.path);
    const holder = await namespace.pod('holder', { claims: [claim] });
    await expect(holder).to.runOn(oneNode());
    await runInPod(holder, ['sh', '-c', 'echo from the holder >/data/note && sync /data/note']);
    const next = await namespace.pod('next', { claims: [claim] });
    evidence.keep('scheduler-message', await expect(next).to.beUnschedulable({ [reasons.oncePod]: 'every node' }));

    await namespace.remove(holder);
    await expect(next).to.runOn(oneNode());
    expect(await runInPod(next, ['cat', '/data/note'])).to.equal('from the holder\n');
  });

  proves('LV-SCHED-18', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    await namespace.apply('PriorityClass', manifests.priorityClass, (manifest) => {
      manifest.metadata.name = 'urgent';
    });
    const { claim } = await oncePair(namespace, absentPath);
    const holder = await namespace.pod('holder', { claims: [claim] });
    await scheduledTo(holder, oneNode());
    const equal = await namespace.pod('equal', { claims: [claim] });
    const refusal = await expect(equal).to.beUnschedulable({ [reasons.oncePod]: 'every node' });
    // The scheduler writes the node of its victim together with this condition.
    expect(equal.now.status?.nominatedNodeName, `the node where ${equal} preempts`).to.equal(undefined);
    expect(refusal).to.include('No preemption victims found');
    const urgent = await namespace.pod('urgent', { claims: [claim], spec: { priorityClassName: 'urgent' } });
    // By the holder's own last state, for the scheduler's events may come much later.
    const message = await eventually(
      holder,
      `${holder} to be preempted`,
      (store) =>
        conditionsSeen(store, holder, 'DisruptionTarget').find(({ reason }) => reason === 'PreemptionByScheduler')
          ?.message,
    );
    expect(message).to.equal('default-scheduler: preempting to accommodate a higher priority pod');
    await expect(holder).to.beGone();
    // The other may be tried first when the claim is free; then it is preempted in its turn.
    await scheduledTo(urgent, oneNode());
  });

  proves('LV-SCHED-19', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volumes = await together(
      threeNodes().map((node) => namespace.volume(`of-${node}`, { node, path: absentPath })),
    );
    const user = async (name: string) => {
      const claim = await namespace.claim(name);
      return { claim, pod: await namespace.pod(name, { claims: [claim] }) };
    };
    const users = await together(['a', 'b', 'c'].map(user));
    const landing = await together(users.map(({ pod }) => scheduledNode(pod)));
    expect(landing.toSorted(), 'every node has one disk').to.deep.equal(threeNodes().toSorted());
    const late = await user('late');
    await expect(late.pod).to.beUnschedulable({ [reasons.noVolume]: nodeCount() });

    const [{ pod, claim }] = users as [(typeof users)[number]];
    await expect(claim).to.reachPhase('Bound');
    const volume = volumes.find(({ name }) => name === claim.now.spec?.volumeName);
    if (!volume) throw new Error(`${claim} is bound to ${claim.now.spec?.volumeName}, none of the three`);
    await namespace.remove(pod);
    await namespace.remove(claim);
    await expect(volume).to.reachPhase('Released');
    // Released is not free, also for a pod that comes when the scheduler knows of it.
    await schedulerLookedAgain(namespace, late.claim, volume);
    const again = await namespace.pod('again', { claims: [late.claim] });
    await expect(again).to.beUnschedulable({ [reasons.noVolume]: nodeCount() });
    expect(late.pod.now.spec?.nodeName, 'the pod that was there before').to.equal(undefined);
    await clearClaimRef(namespace, volume);
    await scheduledTo(late.pod, landing[0] as string);
    await expect(late.claim).to.bindTo(volume);
  });
});

/** A volume of node2 and a claim that are bound to each other, for one pod at a time. */
async function oncePair(namespace: SpecNamespace, path: string) {
  const accessModes: ['ReadWriteOncePod'] = ['ReadWriteOncePod'];
  const pair = await namespace.boundVolume('once', {
    node: oneNode(),
    path,
    volume: { spec: { accessModes } },
    claim: { spec: { accessModes } },
  });
  await expect(pair.claim).to.bindTo(pair.volume);
  return pair;
}
