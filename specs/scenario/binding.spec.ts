import {
  ApiRefusal,
  controllerLookedAgain,
  evidence,
  expect,
  firstNode,
  nodeCount,
  readChapter,
  reasons,
  recordProcess,
  SpecNamespace,
  secondNode,
  thirdNode,
} from '../harness/index.ts';
import {
  applyInBindingOrder,
  applyPod,
  applySeed,
  applyVolumeA,
  applyVolumeB,
  fixtures,
  keepMounts,
  leaseDisksLikeSeed,
  leaseSeedDisks,
} from './seed.ts';

const { chapter, proves } = readChapter('scenario');

/** What the scheduler counts for a pod that has to be on a node that its volume does not belong to. */
const elsewhere = () => ({ [reasons.volumeAffinity]: 1, [reasons.podAffinity]: nodeCount() - 1 });

describe(chapter, () => {
  proves('SEED-4', async () => {
    await using disks = await leaseDisksLikeSeed();
    await using namespace = await SpecNamespace.open();
    await namespace.apply('StorageClass', fixtures.storageClass);
    const volumeA = await applyVolumeA(namespace, disks);
    const volumeB = await applyVolumeB(namespace, disks);
    const claimOf = (name: string, volumeName: string) =>
      namespace.apply('PersistentVolumeClaim', fixtures.claim, (manifest) => {
        manifest.metadata.name = name;
        manifest.spec.volumeName = volumeName;
      });
    const claimA = await claimOf('for-a', 'example-pv-a');
    const claimB = await claimOf('for-b', 'example-pv-b');
    await expect(claimA).to.bindTo(volumeA);
    await expect(claimB).to.bindTo(volumeB);

    const pods = {
      aOnNode1: await namespace.pod('a-on-node1', { claims: [claimA], node: firstNode() }),
      aOnNode2: await namespace.pod('a-on-node2', { claims: [claimA], node: secondNode() }),
      aOnNode3: await namespace.pod('a-on-node3', { claims: [claimA], node: thirdNode() }),
      bAnywhere: await namespace.pod('b-anywhere', { claims: [claimB] }),
      bOnNode2: await namespace.pod('b-on-node2', { claims: [claimB], node: secondNode() }),
    };
    await expect(pods.aOnNode1).to.runOn(firstNode());
    await expect(pods.aOnNode2).to.runOn(secondNode());
    await expect(pods.bAnywhere).to.runOn(thirdNode());
    await expect(pods.aOnNode3).to.beUnschedulable(elsewhere());
    await expect(pods.bOnNode2).to.beUnschedulable(elsewhere());
  });

  proves('SEED-5', async () => {
    await using namespace = await SpecNamespace.open();
    const { pod, claim, volumeA, volumeB } = await applyInBindingOrder(
      namespace,
      { volumeBindingMode: 'Immediate' },
      async (early, onNode3) => {
        await expect(early).to.bindTo(onNode3);
        expect(namespace.cluster.store.list('Pod', namespace.part), 'no pod has asked for it').to.deep.equal([]);
      },
    );
    const message = await expect(pod).to.beUnschedulable(elsewhere());
    evidence.keep('scheduler-message', message);

    // Neither the controller nor the scheduler decides otherwise when they look again: a pod that comes now is refused, too.
    await controllerLookedAgain(namespace, claim, volumeA, volumeB);
    const later = await applyPod(namespace, 'affinity', 'later');
    await expect(later).to.beUnschedulable(elsewhere());
    expect(pod.now.spec?.nodeName).to.equal(undefined);
    await expect(claim).to.bindTo(volumeB);
    expect(volumeA.now.status?.phase, 'the volume that would fit').to.equal('Available');
  });

  proves('SEED-6', async () => {
    await using disks = await leaseSeedDisks();
    await using namespace = await SpecNamespace.open();
    const { pod, claim, volumeA, volumeB } = await applyInBindingOrder(
      namespace,
      { volumeBindingMode: 'WaitForFirstConsumer', disks },
      async (early) => {
        await expect(early).to.reportEvent(
          'WaitForFirstConsumer',
          'waiting for first consumer to be created before binding',
        );
        expect(early.now.status?.phase).to.equal('Pending');
      },
    );
    await expect(claim).to.bindTo(volumeA);
    await expect(pod).to.runOn(secondNode());
    expect(volumeB.now.status?.phase, 'the volume of node3 is left for others').to.equal('Available');
    await expect(pod).to.mount(volumeA, { from: disks.onNode2 });
    await keepMounts(pod, volumeA, disks.onNode2, '/data');
  });

  proves('SEED-7', async () => {
    await using disks = await leaseDisksLikeSeed();
    await using namespace = await SpecNamespace.open();
    const { claim, volumeA } = await applySeed(namespace, disks);
    await expect(claim).to.reportEvent('WaitForFirstConsumer');
    const pod = await applyPod(namespace, 'affinity');
    await expect(pod).to.runOn(secondNode());
    await expect(claim).to.bindTo(volumeA);
    // Events are written after what they report: the spec waits for the last of them.
    await expect(pod).to.reportEvent('Scheduled');

    const steps = await recordProcess(pod);
    evidence.keep('process', steps.map(({ at, by, what }) => `${at.padEnd(28)}  ${by.padEnd(28)}  ${what}`).join('\n'));
    expect(steps.map(({ by, what }) => `${by}: ${what}`)).to.have.members([
      'kube-apiserver: the claim is created',
      'persistentvolume-controller: the claim waits for its first consumer',
      'kube-apiserver: the pod is created',
      'kube-scheduler: the volume is reserved for the claim',
      'kube-controller-manager: the claim is bound',
      `default-scheduler: the pod is scheduled to ${secondNode()}`,
      'kubelet: VolumeManagerReconciler mounts the volume',
      'kubelet: the container runs',
    ]);

    // The order is that of the API server's own numbers; times have whole seconds, and say less.
    const { store } = claim;
    // As it was first: a repetition only adds to its count.
    const [waits] = store
      .eventsOf(claim.ref)
      .filter(({ reason }) => reason === 'WaitForFirstConsumer')
      .flatMap(({ metadata: { namespace, name } }) => store.history({ kind: 'Event', namespace, name }));
    const runs = store.history(pod.ref).find(({ object }) => object.status?.containerStatuses?.[0]?.state?.running);
    const order = {
      'the claim is created': store.history(claim.ref)[0],
      'it waits': waits,
      'the pod is created': store.history(pod.ref)[0],
      'the volume is reserved': store.history(volumeA.ref).find(({ object }) => object.spec?.claimRef),
      'the claim is bound': store.history(claim.ref).find(({ object }) => object.status?.phase === 'Bound'),
      'the pod is scheduled': store.history(pod.ref).find(({ object }) => object.spec?.nodeName),
      'the container runs': runs,
    };
    const numbers = Object.values(order).map((change) => Number(change?.resourceVersion));
    evidence.keep(
      'order',
      Object.keys(order)
        .map((what, index) => `${numbers[index]} ${what}`)
        .join('\n'),
    );
    expect(numbers.every(Number.isSafeInteger), JSON.stringify(numbers)).to.equal(true);
    expect(numbers).to.deep.equal(numbers.toSorted((one, other) => one - other));
    // kubelet's mount is no change of an object. It has a time of its own, to the millisecond.
    const mounted = Date.parse(steps.find(({ what }) => what.includes('mounts the volume'))?.at ?? '');
    const scheduled = pod.now.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.lastTransitionTime;
    expect(mounted)
      .to.be.at.least(Date.parse(scheduled ?? ''))
      .and.to.be.at.most(runs?.at.getTime() ?? Number.NaN);
  });

  proves('SEED-11', async () => {
    await using namespace = await SpecNamespace.open();
    const manifest = await namespace.manifest('PersistentVolume', fixtures.capitals, () => {}, {
      allowInvalidNames: true,
    });
    expect(manifest.metadata.name).to.match(/[A-Z]/);
    const refusal = await namespace.cluster.client.create(manifest).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(ApiRefusal);
    const { status, causes } = refusal as ApiRefusal;
    expect(status).to.equal(422);
    expect(causes.map(({ field }) => field)).to.deep.equal(['metadata.name']);
    expect(causes[0]?.message).to.include('lowercase RFC 1123 subdomain');
    evidence.keep('refusal', (refusal as ApiRefusal).message);
  });
});
