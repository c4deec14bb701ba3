import {
  ApiRefusal,
  absentDisk,
  assignedNode,
  controllerLookedAgain,
  expect,
  leaseVolume,
  markForDeletion,
  phasesOf,
  protectionLookedAgain,
  readChapter,
  SpecNamespace,
  scheduledTo,
  schedulerLookedAgain,
  writeChecked,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('lifecycle');

describe(chapter, () => {
  proves('LV-LIFE-01', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('unbound', absentDisk());
    expect(volume.now.status?.phase).to.equal('Available');
    expect(volume.now.metadata.finalizers).to.deep.equal(['kubernetes.io/pv-protection']);

    await namespace.cluster.client.remove(volume.ref);
    await expect(volume).to.beGone();
    const refusal = await namespace.cluster.client.read(volume.ref).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(ApiRefusal).and.to.include({ status: 404, reason: 'NotFound' });
  });

  proves('LV-LIFE-02', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('bound', absentDisk());
    await expect(claim).to.bindTo(volume);

    await markForDeletion(namespace, volume);
    await controllerLookedAgain(namespace, volume, claim);
    await protectionLookedAgain(namespace, volume, claim);
    expect(volume.now.metadata.finalizers).to.include('kubernetes.io/pv-protection');
    for (const object of [volume, claim]) expect(object.now.status?.phase, `${object}`).to.equal('Bound');

    await namespace.cluster.client.remove(claim.ref);
    await expect(claim).to.beGone();
    await expect(volume).to.beGone();
    expect(phasesOf(claim), 'it was never Lost').not.to.include('Lost');
  });

  proves('LV-LIFE-03', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim: bound } = await namespace.boundVolume('bound', absentDisk());
    const pending = await namespace.claim('pending');
    await expect(bound).to.bindTo(volume);
    await expect(pending).to.reportEvent('WaitForFirstConsumer');
    for (const claim of [bound, pending]) {
      expect(claim.now.metadata.finalizers).to.deep.equal(['kubernetes.io/pvc-protection']);
      await namespace.cluster.client.remove(claim.ref);
      await expect(claim).to.beGone();
      const refusal = await namespace.cluster.client.read(claim.ref).catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(ApiRefusal).and.to.include({ status: 404, reason: 'NotFound' });
    }
    await expect(volume).to.reachPhase('Released');
  });

  proves('LV-LIFE-04', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('used', { node: here, path: lease.path });
    const pod = await namespace.pod('user', { claims: [claim] });
    await expect(pod).to.runOn(here);

    await markForDeletion(namespace, claim);
    expect(claim.now.metadata.finalizers).to.deep.equal(['kubernetes.io/pvc-protection']);
    await protectionLookedAgain(namespace, volume, claim);
    await controllerLookedAgain(namespace, volume, claim);
    for (const object of [volume, claim]) expect(object.now.status?.phase, `${object}`).to.equal('Bound');
    await writeChecked(pod, '/data/written-after-the-deletion', 65_536);
    await expect(pod).to.mount(volume, { from: lease });

    await namespace.remove(pod);
    await expect(claim).to.beGone();
    await expect(volume).to.reachPhase('Released');
    // The number of a deletion is that of the deletion itself.
    const [podGone, claimGone] = [pod, claim].map(({ store, ref }) =>
      Number(store.history(ref).at(-1)?.resourceVersion),
    );
    expect(claimGone, 'not before its pod').to.be.above(podGone ?? Number.NaN);
  });

  proves('LV-LIFE-05', async () => {
    const here = assignedNode();
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('used', absentDisk());
    await expect(claim).to.bindTo(volume);
    // The protection counts every pod that has a node, running or not.
    const first = await namespace.pod('first', { claims: [claim] });
    await scheduledTo(first, here);
    await markForDeletion(namespace, claim);
    // The scheduler watches claims and pods apart.
    await schedulerLookedAgain(namespace);

    const second = await namespace.pod('second', { claims: [claim] });
    await expect(second).to.beUnschedulable([`persistentvolumeclaim "${claim.name}" is being deleted`]);
    expect(claim.now.status?.phase, 'the first pod still has it').to.equal('Bound');

    await namespace.remove(first);
    await expect(claim).to.beGone();
    // No event of a claim that goes makes the scheduler try a pod again. Once it knows that the claim is gone, another
    // volume does.
    await schedulerLookedAgain(namespace);
    await namespace.volume('another', absentDisk());
    await expect(second).to.beUnschedulable([`persistentvolumeclaim "${claim.name}" not found`]);
  });

  proves('LV-LIFE-33', async () => {
    const here = assignedNode();
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('wanted', absentDisk());
    const pod = await namespace.pod('waits', {
      claims: [claim],
      node: here,
      spec: { schedulingGates: [{ name: 'local-pv-conformance/never' }] },
    });
    await namespace.cluster.client.remove(claim.ref);
    await expect(claim).to.beGone();
    expect(pod.now.spec?.nodeName).to.equal(undefined);
  });

  proves('LV-LIFE-34', async () => {
    const here = assignedNode();
    await using namespace = await SpecNamespace.open();
    const storageClass = await namespace.storageClass();
    const volume = await namespace.volume('disk', absentDisk());
    const pod = await namespace.pod('owner', {
      change: ({ spec }) => {
        const ofClaim = {
          accessModes: ['ReadWriteOnce' as const],
          storageClassName: storageClass.fixtureName,
          resources: { requests: { storage: '1Gi' } },
        };
        spec.volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: ofClaim } } }];
        for (const container of spec.containers) container.volumeMounts = [{ name: 'scratch', mountPath: '/data' }];
      },
    });
    const claim = await namespace.find('PersistentVolumeClaim', `${namespace.nameOf('owner')}-scratch`);
    await expect(claim).to.bindTo(volume);
    await scheduledTo(pod, here);
    await markForDeletion(namespace, claim);
    await protectionLookedAgain(namespace, claim);
    expect(claim.now.status?.phase, 'while its pod is there').to.equal('Bound');
    await namespace.remove(pod);
    await expect(claim).to.beGone();
    await expect(volume).to.reachPhase('Released');
  });
});
