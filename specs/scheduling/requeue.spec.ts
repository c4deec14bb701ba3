import {
  absentPath,
  clearClaimRef,
  evidence,
  expect,
  messages,
  readChapter,
  reasons,
  SpecNamespace,
  scheduledTo,
  triggerResync,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('scheduling');

// What makes the scheduler look at a pod again. Without its cause, a pod that was called Unschedulable rests for five
// minutes: that it is scheduled within a spec is the proof.
describe(chapter, () => {
  proves('LV-SCHED-10', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const claim = await namespace.claim('claim');
    const pod = await namespace.pod('early', { claims: [claim] });
    await expect(pod).to.beUnschedulable({ [reasons.noVolume]: 3 });
    const late = await namespace.volume('late', { node: 'node3', path: absentPath });
    await scheduledTo(pod, 'node3');
    await expect(claim).to.bindTo(late);
  });

  proves('LV-SCHED-11', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const reserved = await namespace.volume('reserved', {
      node: 'node3',
      path: absentPath,
      spec: { claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'someone-else' } },
    });
    const claim = await namespace.claim('claim');
    const pod = await namespace.pod('waiting', { claims: [claim] });
    await expect(pod).to.beUnschedulable({ [reasons.noVolume]: 3 });
    await clearClaimRef(namespace, reserved);
    await scheduledTo(pod, 'node3');
    await expect(claim).to.bindTo(reserved);
  });

  proves('LV-SCHED-12', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: 'node3', path: absentPath });
    const pod = await namespace.pod('early', { claims: ['late'] });
    await expect(pod).to.beUnschedulable(['persistentvolumeclaim "late" not found']);
    const claim = await namespace.claim('late');
    await scheduledTo(pod, 'node3');
    await expect(claim).to.bindTo(volume);
  });

  proves('LV-SCHED-13', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const claim = await namespace.claim('claim');
    const pod = await namespace.pod('waiting', { claims: [claim] });
    await expect(pod).to.beUnschedulable([messages.unboundImmediate]);
    const volume = await namespace.volume('volume', { node: 'node3', path: absentPath });
    await triggerResync(namespace, claim);
    await expect(claim).to.bindTo(volume);
    await scheduledTo(pod, 'node3');
  });

  proves('LV-SCHED-14', async () => {
    await using namespace = await SpecNamespace.open();
    const claim = await namespace.claim('claim');
    const pod = await namespace.pod('early', { claims: [claim] });
    evidence.keep('message-without-class', await expect(pod).to.beUnschedulable([messages.unboundImmediate]));
    const missing = await expect(claim).to.reportEvent('ProvisioningFailed', 'not found');
    const storageClass = await namespace.storageClass();
    expect(missing).to.equal(`storageclass.storage.k8s.io "${storageClass.name}" not found`);
    await expect(pod).to.beUnschedulable({ [reasons.noVolume]: 3 });
    const volume = await namespace.volume('volume', { node: 'node3', path: absentPath });
    await scheduledTo(pod, 'node3');
    await expect(claim).to.bindTo(volume);
  });
});
