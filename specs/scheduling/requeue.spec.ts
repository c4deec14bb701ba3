import {
  evidence,
  expect,
  localClaim,
  localClass,
  localVolume,
  nowhere,
  nudge,
  offerAgain,
  podWith,
  readChapter,
  reasons,
  SpecNamespace,
  said,
  scheduledTo,
  unschedulable,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('scheduling');

// What makes the scheduler look at a pod again. Without its cause, a pod that was called Unschedulable rests for five
// minutes: that it is scheduled within a spec is the proof.
describe(chapter, () => {
  proves('LV-SCHED-10', async () => {
    await using namespace = await SpecNamespace.open();
    await localClass(namespace);
    const claim = await localClaim(namespace, 'claim');
    const pod = await podWith(namespace, 'early', [claim]);
    await unschedulable(pod, { [reasons.noVolume]: 3 });
    const late = await localVolume(namespace, 'late', { node: 'node3', path: nowhere });
    await scheduledTo(pod, 'node3');
    await expect(claim).to.bindTo(late);
  });

  proves('LV-SCHED-11', async () => {
    await using namespace = await SpecNamespace.open();
    await localClass(namespace);
    const reserved = await localVolume(namespace, 'reserved', { node: 'node3', path: nowhere }, ({ spec }) => {
      spec.claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'someone-else' };
    });
    const claim = await localClaim(namespace, 'claim');
    const pod = await podWith(namespace, 'waiting', [claim]);
    await unschedulable(pod, { [reasons.noVolume]: 3 });
    await offerAgain(namespace, reserved);
    await scheduledTo(pod, 'node3');
    await expect(claim).to.bindTo(reserved);
  });

  proves('LV-SCHED-12', async () => {
    await using namespace = await SpecNamespace.open();
    await localClass(namespace);
    const volume = await localVolume(namespace, 'volume', { node: 'node3', path: nowhere });
    const pod = await podWith(namespace, 'early', ['late']);
    await expect(pod).to.beUnschedulable(['persistentvolumeclaim "late" not found']);
    const claim = await localClaim(namespace, 'late');
    await scheduledTo(pod, 'node3');
    await expect(claim).to.bindTo(volume);
  });

  proves('LV-SCHED-13', async () => {
    await using namespace = await SpecNamespace.open();
    await localClass(namespace, 'Immediate');
    const claim = await localClaim(namespace, 'claim');
    const pod = await podWith(namespace, 'waiting', [claim]);
    await expect(pod).to.beUnschedulable([said.unboundImmediate]);
    const volume = await localVolume(namespace, 'volume', { node: 'node3', path: nowhere });
    await nudge(namespace, claim);
    await expect(claim).to.bindTo(volume);
    await scheduledTo(pod, 'node3');
  });

  proves('LV-SCHED-14', async () => {
    await using namespace = await SpecNamespace.open();
    const claim = await localClaim(namespace, 'claim');
    const pod = await podWith(namespace, 'early', [claim]);
    evidence.keep('message-without-class', await expect(pod).to.beUnschedulable([said.unboundImmediate]));
    const missing = await expect(claim).to.reportEvent('ProvisioningFailed', 'not found');
    const storageClass = await localClass(namespace);
    expect(missing).to.equal(`storageclass.storage.k8s.io "${storageClass.name}" not found`);
    await unschedulable(pod, { [reasons.noVolume]: 3 });
    const volume = await localVolume(namespace, 'volume', { node: 'node3', path: nowhere });
    await scheduledTo(pod, 'node3');
    await expect(claim).to.bindTo(volume);
  });
});
