import {
  absentPath,
  clearClaimRef,
  consistently,
  eventually,
  evidence,
  expect,
  messages,
  phasesOf,
  readChapter,
  SpecNamespace,
  scheduledTo,
  triggerResync,
  type VolumeHandle,
} from '../harness/index.ts';
import { boundOrFree } from './binding-state.ts';

const { chapter, proves } = readChapter('binding');

/** Two claims, one volume on node1 and two on node2: `modes` of binding decide what a pod with both claims gets. */
async function twoClaims(namespace: SpecNamespace, mode: 'Immediate' | 'WaitForFirstConsumer') {
  await namespace.storageClass(mode);
  const onNode1 = await namespace.volume('on-node1', { node: 'node1', path: absentPath, storage: '1Gi' });
  const onNode2 = await namespace.volume('on-node2', { node: 'node2', path: absentPath, storage: '2Gi' });
  const alsoOnNode2 = await namespace.volume('also-on-node2', { node: 'node2', path: absentPath, storage: '3Gi' });
  const first = await namespace.claim('first');
  if (mode === 'Immediate') await expect(first).to.bindTo(onNode1);
  const second = await namespace.claim('second');
  if (mode === 'Immediate') await expect(second).to.bindTo(onNode2);
  const pod = await namespace.pod('consumer', { claims: [first, second] });
  return { onNode1, onNode2, alsoOnNode2, first, second, pod };
}

describe(chapter, () => {
  proves('LV-BIND-09', async () => {
    await using namespace = await SpecNamespace.open();
    const { pod, onNode1, onNode2, alsoOnNode2, first, second } = await twoClaims(namespace, 'WaitForFirstConsumer');
    await scheduledTo(pod, 'node2');
    for (const claim of [first, second]) await expect(claim).to.reachPhase('Bound');
    const got = [first, second].map(({ now }) => now.spec?.volumeName);
    expect(got).to.have.members([onNode2.name, alsoOnNode2.name]);
    expect(onNode1.now.status?.phase).to.equal('Available');
    expect(onNode1.now.spec?.claimRef).to.equal(undefined);
  });

  proves('LV-BIND-10', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volumes: VolumeHandle[] = [];
    for (const node of ['node1', 'node2', 'node3'])
      volumes.push(await namespace.volume(`on-${node}`, { node, path: absentPath }));
    const claims = [await namespace.claim('first'), await namespace.claim('second')];
    const pod = await namespace.pod('consumer', { claims });
    await expect(pod).to.beUnschedulable([messages.noVolumeFits(3)]);
    await expect(pod).to.reportEvent('FailedScheduling', messages.noVolumeFits(3));
    // After the scheduler has spoken: not one of the claims is given one of the volumes.
    await consistently(namespace.cluster.store, {
      what: 'nothing is bound in part',
      on: [pod, ...claims, ...volumes].map(({ ref }) => ref),
      window: 2000,
      unless: (store) =>
        store.get(pod.ref)?.spec?.nodeName ||
        claims.some(({ ref }) => store.get(ref)?.status?.phase !== 'Pending' || store.get(ref)?.spec?.volumeName) ||
        volumes.some(({ ref }) => store.get(ref)?.status?.phase !== 'Available' || store.get(ref)?.spec?.claimRef),
    });
  });

  proves('LV-BIND-51', async () => {
    await using namespace = await SpecNamespace.open();
    const { pod, first, second, alsoOnNode2 } = await twoClaims(namespace, 'Immediate');
    evidence.keep('scheduler', await expect(pod).to.beUnschedulable([messages.outsideVolume(3)]));
    await expect(pod).to.reportEvent('FailedScheduling', messages.outsideVolume(3));
    const bound = [first, second].map(({ now }) => now.spec?.volumeName);
    await consistently(namespace.cluster.store, {
      what: `${pod} stays Pending, with claims bound to two nodes and a volume left that would do`,
      on: [pod.ref, first.ref, second.ref, alsoOnNode2.ref],
      window: 3000,
      unless: (store) =>
        store.get(pod.ref)?.spec?.nodeName ||
        store.get(first.ref)?.spec?.volumeName !== bound[0] ||
        store.get(second.ref)?.spec?.volumeName !== bound[1] ||
        store.get(alsoOnNode2.ref)?.status?.phase !== 'Available',
    });
  });

  proves('LV-BIND-13', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: 'node2', path: absentPath });
    const pod = await namespace.pod('consumer', { claims: ['claim'] });
    await expect(pod).to.beUnschedulable(['persistentvolumeclaim "claim" not found']);
    const claim = await namespace.claim('claim');
    await scheduledTo(pod, 'node2');
    await expect(claim).to.bindTo(volume);
  });

  proves('LV-BIND-14', async () => {
    await using namespace = await SpecNamespace.open();
    const claim = await namespace.claim('claim');
    const name = claim.now.spec?.storageClassName;
    await expect(claim).to.reportEvent('ProvisioningFailed', `storageclass.storage.k8s.io "${name}" not found`);
    const pod = await namespace.pod('consumer', { claims: [claim] });
    const steps = [await expect(pod).to.beUnschedulable([messages.unboundImmediate])];
    await namespace.storageClass();
    steps.push(await expect(pod).to.beUnschedulable([messages.noVolumeFits(3)]));
    const volume = await namespace.volume('volume', { node: 'node2', path: absentPath });
    await scheduledTo(pod, 'node2');
    await expect(claim).to.bindTo(volume);
    evidence.keep('scheduler', steps.join('\n'));
  });

  proves('LV-BIND-15', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const claim = await namespace.claim('claim');
    await expect(claim).to.reportEvent('ProvisioningFailed', messages.noProvisioner);
    const pod = await namespace.pod('consumer', { claims: [claim] });
    await expect(pod).to.beUnschedulable([messages.unboundImmediate]);
    const volume = await namespace.volume('volume', { node: 'node2', path: absentPath });
    await expect(claim).to.bindTo(volume);
    await scheduledTo(pod, 'node2');
  });

  proves('LV-BIND-53', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    /** A pod is removed at three moments of the binding of its claim; what it leaves must serve the next pod. */
    const moments = ['when-created', 'when-reserved', 'when-bound'] as const;
    const outcomes: string[] = [];
    for (const moment of moments) {
      const volume = await namespace.volume(moment, {
        node: 'node2',
        path: absentPath,
        labels: { moment },
      });
      const claim = await namespace.claim(moment, { spec: { selector: { matchLabels: { moment } } } });
      const pod = await namespace.pod(moment, { claims: [claim] });
      if (moment === 'when-reserved')
        await eventually(
          claim,
          `${volume} to be reserved`,
          (store) => store.get(volume.ref)?.spec?.claimRef !== undefined,
        );
      if (moment === 'when-bound') await expect(claim).to.bindTo(volume);
      await namespace.cluster.client.remove(pod.ref, { gracePeriodSeconds: 0, absentIsFine: true });
      await expect(pod).to.beGone();
      outcomes.push(`${moment}: ${await boundOrFree(volume, claim)}`);

      const next = await namespace.pod(`${moment}-next`, { claims: [claim] });
      await scheduledTo(next, 'node2');
      await expect(claim).to.bindTo(volume);
      expect(phasesOf(claim), 'never Lost').to.deep.equal(['Pending', 'Bound']);
    }
    evidence.keep('outcomes', outcomes.join('\n'));
  });

  proves('LV-BIND-54', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: 'node2', path: absentPath });
    const claim = await namespace.claim('claim', { volume: 'volume' });
    await expect(claim).to.bindTo(volume);
    const { client } = namespace.cluster;
    await client.remove(volume.ref);
    await client.patch(volume.ref, { type: 'merge', change: { metadata: { finalizers: null } } });
    await expect(volume).to.beGone();
    await expect(claim).to.reachPhase('Lost');
    await expect(claim).to.reportEvent(
      'ClaimLost',
      'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    );
    const pod = await namespace.pod('consumer', { claims: [claim] });
    const lost = `persistentvolumeclaim "${claim.name}" bound to non-existent persistentvolume "${volume.name}"`;
    evidence.keep('scheduler', await expect(pod).to.beUnschedulable([lost]));

    const again = await namespace.volume('volume', { node: 'node2', path: absentPath });
    expect(again.name).to.equal(volume.name);
    await triggerResync(namespace, claim);
    await eventually(claim, `${claim} to be bound again`, (store) => store.get(claim.ref)?.status?.phase === 'Bound');
    await expect(claim).to.bindTo(again);
    await scheduledTo(pod, 'node2');
    expect(phasesOf(claim)).to.deep.equal(['Pending', 'Bound', 'Lost', 'Bound']);
  });

  proves('LV-BIND-55', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('last-disk', { node: 'node2', path: absentPath });
    const racers = [];
    for (const name of ['one', 'two']) racers.push({ name, claim: await namespace.claim(name) });
    const started = await Promise.all(
      racers.map(async ({ name, claim }) => ({ claim, pod: await namespace.pod(name, { claims: [claim] }) })),
    );
    const [a, b] = started;
    if (!a || !b) throw new Error('two pods were to race');
    const winner = await eventually(
      a.pod,
      'one of two pods to be scheduled',
      (store) => started.find(({ pod }) => store.get(pod.ref)?.spec?.nodeName),
      { also: [b.pod] },
    );
    const loser = winner === a ? b : a;
    await scheduledTo(winner.pod, 'node2');
    await expect(winner.claim).to.bindTo(volume);
    await expect(loser.pod).to.beUnschedulable([messages.noVolumeFits(3)]);
    await consistently(namespace.cluster.store, {
      what: `${loser.pod} has no disk`,
      on: [loser.pod.ref, loser.claim.ref],
      window: 1500,
      unless: (store) => store.get(loser.pod.ref)?.spec?.nodeName || store.get(loser.claim.ref)?.spec?.volumeName,
    });

    await namespace.remove(winner.pod);
    await namespace.remove(winner.claim);
    await expect(volume).to.reachPhase('Released');
    expect(loser.pod.now.spec?.nodeName, 'a Released volume serves no pod').to.equal(undefined);
    await clearClaimRef(namespace, volume);
    await scheduledTo(loser.pod, 'node2');
    await expect(loser.claim).to.bindTo(volume);
    expect(phasesOf(volume)).to.deep.equal(['Pending', 'Available', 'Bound', 'Released', 'Available', 'Bound']);
  });
});
