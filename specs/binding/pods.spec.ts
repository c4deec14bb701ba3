import type { PersistentVolume, PersistentVolumeClaim } from '../../clusters/api/objects.ts';
import {
  absentPath,
  anotherNode,
  type ClaimHandle,
  clearClaimRef,
  conditionsSeen,
  controllerLookedAgain,
  eventually,
  evidence,
  expect,
  messages,
  nodeCount,
  oneNode,
  phasesOf,
  readChapter,
  reasons,
  SpecNamespace,
  scheduledTo,
  schedulerLookedAgain,
  threeNodes,
  triggerResync,
  type VolumeHandle,
} from '../harness/index.ts';
import { boundOrFree } from './binding-state.ts';
import { refusing } from './refusals.ts';

const { chapter, proves } = readChapter('binding');

/** Two claims, one volume on one node and two on another: `modes` of binding decide what a pod with both claims gets. */
async function twoClaims(namespace: SpecNamespace, mode: 'Immediate' | 'WaitForFirstConsumer') {
  await namespace.storageClass(mode);
  const onOne = await namespace.volume('on-one', { node: oneNode(), path: absentPath, storage: '1Gi' });
  const onAnother = await namespace.volume('on-another', { node: anotherNode(), path: absentPath, storage: '2Gi' });
  const alsoOnAnother = await namespace.volume('also-on-another', {
    node: anotherNode(),
    path: absentPath,
    storage: '3Gi',
  });
  const first = await namespace.claim('first');
  if (mode === 'Immediate') await expect(first).to.bindTo(onOne);
  const second = await namespace.claim('second');
  if (mode === 'Immediate') await expect(second).to.bindTo(onAnother);
  const pod = await namespace.pod('consumer', { claims: [first, second] });
  return { onOne, onAnother, alsoOnAnother, first, second, pod };
}

/** Moments of a binding, as the store shows them. */
const moments = {
  'when-reserved': (volume: PersistentVolume | undefined) => volume?.spec?.claimRef?.uid !== undefined,
  'when-bound': (_: unknown, claim: PersistentVolumeClaim | undefined) => claim?.status?.phase === 'Bound',
};

/**
 * Creates a volume, a claim for it alone and a pod, and removes the pod at a moment of the binding, before it has a node.
 * The scheduler gives a pod its node a second after it has reserved the volume, at the earliest; where that is too early
 * for a busy machine, the API server refuses it.
 */
async function removedDuringBinding(
  namespace: SpecNamespace,
  moment: string,
  isThere: (volume: PersistentVolume | undefined, claim: PersistentVolumeClaim | undefined) => boolean,
) {
  const { client, store } = namespace.cluster;
  const labels = { moment };
  const volume = await namespace.volume(moment, { node: oneNode(), path: absentPath, labels });
  const claim = await namespace.claim(moment, { spec: { selector: { matchLabels: labels } } });
  const pod = await namespace.pod(moment, { claims: [claim] });
  const there = () => isThere(store.get(volume.ref), store.get(claim.ref));
  await eventually(claim, `${volume} and ${claim} to be ${moment}`, there, { also: [volume] });
  await client.remove(pod.ref, { gracePeriodSeconds: 0 });
  await expect(pod).to.beGone();
  const placed = store.history(pod.ref).some(({ object }) => object.spec?.nodeName);
  expect(placed, `${pod} had a node before it was gone`).to.equal(false);
  return { volume, claim, pod };
}

/** Throws where the claim was ever bound to, or named, a volume. */
function expectNeverBound(claim: ClaimHandle): void {
  expect(phasesOf(claim), `${claim}`).to.deep.equal(['Pending']);
  expect(claim.store.history(claim.ref).some(({ object }) => object.spec?.volumeName)).to.equal(false);
}

describe(chapter, () => {
  proves('LV-BIND-09', async () => {
    await using namespace = await SpecNamespace.open();
    const { pod, onOne, onAnother, alsoOnAnother, first, second } = await twoClaims(namespace, 'WaitForFirstConsumer');
    await scheduledTo(pod, anotherNode());
    for (const claim of [first, second]) await expect(claim).to.reachPhase('Bound');
    const got = [first, second].map(({ now }) => now.spec?.volumeName);
    expect(got).to.have.members([onAnother.name, alsoOnAnother.name]);
    expect(onOne.now.status?.phase).to.equal('Available');
    expect(onOne.now.spec?.claimRef).to.equal(undefined);
  });

  proves('LV-BIND-10', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volumes: VolumeHandle[] = [];
    for (const node of threeNodes()) volumes.push(await namespace.volume(`on-${node}`, { node, path: absentPath }));
    const claims = [await namespace.claim('first'), await namespace.claim('second')];
    const pod = await namespace.pod('consumer', { claims });
    await expect(pod).to.beUnschedulable([messages.noVolumeFits(nodeCount())]);
    // Another look, by controller and scheduler: not one of the claims is given one of the volumes.
    await schedulerLookedAgain(namespace, ...claims, ...volumes);
    const again = await namespace.pod('again', { claims });
    await expect(again).to.beUnschedulable([messages.noVolumeFits(nodeCount())]);
    for (const claim of claims) expectNeverBound(claim);
    for (const volume of volumes) expect(phasesOf(volume).at(-1), `${volume}`).to.equal('Available');
    for (const { ref } of volumes)
      expect(namespace.cluster.store.history(ref).some(({ object }) => object.spec?.claimRef)).to.equal(false);
  });

  proves('LV-BIND-51', async () => {
    await using namespace = await SpecNamespace.open();
    const { pod, first, second, alsoOnAnother } = await twoClaims(namespace, 'Immediate');
    evidence.keep('scheduler', await expect(pod).to.beUnschedulable([messages.outsideVolume(nodeCount())]));
    const bound = [first, second].map(({ now }) => now.spec?.volumeName);
    await schedulerLookedAgain(namespace, first, second, alsoOnAnother);
    const again = await namespace.pod('again', { claims: [first, second] });
    await expect(again).to.beUnschedulable([messages.outsideVolume(nodeCount())]);
    expect(pod.now.spec?.nodeName).to.equal(undefined);
    expect([first, second].map(({ now }) => now.spec?.volumeName)).to.deep.equal(bound);
    expect(alsoOnAnother.now.status?.phase, 'the volume that would do').to.equal('Available');
  });

  proves('LV-BIND-53', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const removed = Object.keys(moments).map((moment) => `'${moment}'`);
    await using _refused = await refusing(namespace, {
      operation: 'CREATE',
      resource: 'pods/binding',
      when: `request.namespace == '${namespace.name}' && request.name in [${removed.join()}]`,
    });
    for (const [moment, isThere] of Object.entries(moments)) {
      const { volume, claim, pod } = await removedDuringBinding(namespace, moment, isThere);
      evidence.keep(moment, await boundOrFree(volume, claim));
      // It gives the binding up a second later, and undoes then what it has begun.
      evidence.keep(`${moment}-scheduler`, await expect(pod).to.reportEvent('FailedScheduling'));
      const next = await namespace.pod(`${moment}-next`, { claims: [claim] });
      await scheduledTo(next, oneNode());
      await controllerLookedAgain(namespace, claim, volume);
      await expect(claim).to.bindTo(volume);
      expect(phasesOf(claim), 'never Lost').to.deep.equal(['Pending', 'Bound']);
    }
  });

  proves('LV-BIND-54', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
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
    await schedulerLookedAgain(namespace, claim);
    const pod = await namespace.pod('consumer', { claims: [claim] });
    const lost = `persistentvolumeclaim "${claim.name}" bound to non-existent persistentvolume "${volume.name}"`;
    evidence.keep('scheduler', await expect(pod).to.beUnschedulable([lost]));

    const again = await namespace.volume('volume', { node: oneNode(), path: absentPath });
    expect(again.name).to.equal(volume.name);
    await triggerResync(namespace, claim);
    await eventually(claim, `${claim} to be bound again`, (store) => store.get(claim.ref)?.status?.phase === 'Bound');
    await expect(claim).to.bindTo(again);
    await scheduledTo(pod, oneNode());
    expect(phasesOf(claim)).to.deep.equal(['Pending', 'Bound', 'Lost', 'Bound']);
  });

  proves('LV-BIND-55', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const racers = [];
    for (const name of ['one', 'two']) racers.push({ name, claim: await namespace.claim(name) });
    const started = await Promise.all(
      racers.map(async ({ name, claim }) => ({ claim, pod: await namespace.pod(name, { claims: [claim] }) })),
    );
    const [a, b] = started;
    if (!a || !b) throw new Error('two pods were to race');
    for (const { pod } of started) await expect(pod).to.beUnschedulable({ [reasons.noVolume]: 'every node' });
    // It wakes both, and the scheduler tries one right after the other.
    const volume = await namespace.volume('last-disk', { node: oneNode(), path: absentPath });
    const winner = await eventually(
      a.pod,
      'one of two pods to be scheduled',
      (store) => started.find(({ pod }) => store.get(pod.ref)?.spec?.nodeName),
      { also: [b.pod] },
    );
    const loser = winner === a ? b : a;
    await scheduledTo(winner.pod, oneNode());
    await expect(winner.claim).to.bindTo(volume);
    await expect(loser.pod).to.beUnschedulable({ [reasons.noVolume]: 'every node' });
    /** A pod of the loser's claim that comes when controller and scheduler have looked again. */
    const stillNone = async (name: string) => {
      await schedulerLookedAgain(namespace, loser.claim, volume);
      const again = await namespace.pod(name, { claims: [loser.claim] });
      await expect(again).to.beUnschedulable({ [reasons.noVolume]: 'every node' });
      expect(loser.pod.now.spec?.nodeName).to.equal(undefined);
      expectNeverBound(loser.claim);
    };
    await stillNone('while-bound');
    await namespace.remove(winner.pod);
    await namespace.remove(winner.claim);
    await expect(volume).to.reachPhase('Released');
    await stillNone('while-released');
    const outcomes = conditionsSeen(namespace.cluster.store, loser.pod, 'PodScheduled').map(({ reason }) => reason);
    expect(new Set(outcomes), 'the scheduler never began to bind it').to.deep.equal(new Set(['Unschedulable']));
    await clearClaimRef(namespace, volume);
    await scheduledTo(loser.pod, oneNode());
    await expect(loser.claim).to.bindTo(volume);
    expect(phasesOf(volume)).to.deep.equal(['Pending', 'Available', 'Bound', 'Released', 'Available', 'Bound']);
  });
});
