import { randomUUID } from 'node:crypto';
import {
  ApiRefusal,
  absentPath,
  controllerLookedAgain,
  eventually,
  evidence,
  expect,
  firstNode,
  type ManifestOf,
  messages,
  oneNode,
  pausedControllers,
  phasesOf,
  preferNode,
  readChapter,
  SpecNamespace,
  scheduledTo,
  schedulerLookedAgain,
  secondNode,
  thirdNode,
  together,
  triggerResync,
  undisturbed,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('binding');

const noClass = 'no persistent volumes available for this claim and no storage class is set';

describe(chapter, () => {
  proves('LV-BIND-60', async () => {
    await using namespace = await SpecNamespace.open();
    const absent = await namespace.claim('absent', { change: ({ spec }) => delete spec.storageClassName });
    const empty = await namespace.claim('empty', { spec: { storageClassName: '' } });
    for (const claim of [absent, empty]) await expect(claim).to.reportEvent('FailedBinding', noClass);
    const storageClass = await namespace.storageClass('Immediate', {
      change: ({ metadata }) => {
        metadata.annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
      },
    });
    const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
    await triggerResync(namespace, absent);
    await expect(absent).to.bindTo(volume);
    expect(absent.now.spec?.storageClassName).to.equal(storageClass.name);
    await namespace.volume('spare', { node: oneNode(), path: absentPath });
    await controllerLookedAgain(namespace, empty);
    expect(phasesOf(empty)).to.deep.equal(['Pending']);
    expect(empty.now.spec?.storageClassName, 'the claim that wants no class').to.equal('');
  });

  proves('LV-BIND-64', async () => {
    await using namespace = await SpecNamespace.open();
    const limited = await namespace.storageClass('Immediate');
    await namespace.storageClass('Immediate', { name: 'free' });
    const { client } = namespace.cluster;
    const ref = { kind: 'ResourceQuota', namespace: namespace.name, name: 'disks' } as const;
    const key = `${limited.name}.storageclass.storage.k8s.io/requests.storage`;
    await client.create({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: ref.name, namespace: ref.namespace, labels: namespace.ownLabels },
      spec: { hard: { [key]: '2Gi' } },
    });
    const { volume, claim } = await namespace.boundVolume('large-disk', {
      node: oneNode(),
      path: absentPath,
      storage: '100Gi',
      claim: { storage: '1Gi' },
    });
    await expect(claim).to.bindTo(volume);
    await namespace.claim('second');
    const third = await namespace.claim('third').then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(third instanceof ApiRefusal)) throw third ?? new Error('a claim beyond the quota was accepted');
    evidence.keep('refusal', third.message);
    expect(third.status).to.equal(403);
    expect(third.message).to.include(`exceeded quota: ${ref.name}`).and.include(`used: ${key}=2Gi`);
    await namespace.claim('of-another-class', { spec: { storageClassName: 'free' }, storage: '10Gi' });
  });

  proves('LV-BIND-59', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const { volume, claim: first } = await namespace.boundVolume('disk', { node: oneNode(), path: absentPath });
    const second = await namespace.claim('second');
    await expect(second).to.reportEvent('ProvisioningFailed', messages.noProvisioner);
    const { name, uid } = second.now.metadata;
    const claimRef = { name, uid, namespace: namespace.name, resourceVersion: null };
    await namespace.cluster.client.patch(volume.ref, { type: 'merge', change: { spec: { claimRef } } });
    await triggerResync(namespace, first);
    const text = 'Two claims are bound to the same volume, this one is bound incorrectly';
    await expect(first).to.reportEvent('ClaimMisbound', text);
    await expect(first).to.reachPhase('Lost');
    await triggerResync(namespace, second);
    await expect(second).to.bindTo(volume);
    await schedulerLookedAgain(namespace, first, second);
    const lost = `persistentvolumeclaim "${first.name}" bound to non-existent persistentvolume "${volume.name}"`;
    await expect(await namespace.pod('of-first', { claims: [first] })).to.beUnschedulable([lost]);
    await scheduledTo(await namespace.pod('of-second', { claims: [second] }), oneNode());
  });

  proves('LV-BIND-68', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('disk', { node: oneNode(), path: absentPath });
    await expect(claim).to.bindTo(volume);
    const { name, uid } = claim.now.metadata;
    const second = await namespace.volume('second', {
      node: oneNode(),
      path: absentPath,
      spec: { claimRef: { name, uid } },
    });
    await eventually(second, `${second} to be Available, without the uid of a claim`, (store) => {
      const { spec, status } = store.get(second.ref) ?? {};
      return status?.phase === 'Available' && spec?.claimRef?.uid === undefined;
    });
    const other = await namespace.claim('other');
    await expect(other).to.reportEvent('ProvisioningFailed', messages.noProvisioner);
    await controllerLookedAgain(namespace, second, other);
    expect(second.now.spec?.claimRef, 'the reservation by name').to.include({ name, namespace: namespace.name });
    expect(second.now.spec?.claimRef?.uid).to.equal(undefined);
    expect(second.now.status?.phase).to.equal('Available');
    expect(phasesOf(other), 'the other claim does not get it').to.deep.equal(['Pending']);
    await expect(claim).to.bindTo(volume);
  });

  proves('LV-BIND-69', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('disk', { node: oneNode(), path: absentPath });
    await expect(claim).to.bindTo(volume);
    // Only the uid differs: for a claim of another name the API server does not let kubelet read the volume.
    const uid = randomUUID();
    const claimRef = { uid, resourceVersion: null };
    // Kubelet may read claim and volume once the API server knows of a pod of its node that uses them. With this pod there,
    // the first attempt of the next one ends for the reason that is awaited, and not by a refusal and a wait of its own.
    const known = await namespace.pod('known', { claims: [claim], spec: { nodeName: oneNode() } });
    await expect(known).to.reportEvent('FailedMount', `path "${absentPath}" does not exist`);
    await undisturbed(async () => {
      // The controller would make the claim Lost, which kubelet refuses for another reason.
      await using controllers = await pausedControllers();
      await namespace.cluster.client.patch(volume.ref, { type: 'merge', change: { spec: { claimRef } } });
      const pod = await namespace.pod('user', { claims: [claim], spec: { nodeName: oneNode() } });
      const said = await expect(pod).to.reportEvent('FailedMount', 'does not point to claim.UID');
      await controllers.stillPaused();
      evidence.keep('kubelet', said);
      expect(said).to.include(volume.name).and.include(uid).and.include(`${claim.now.metadata.uid}`);
      expect(claim.now.status?.phase).to.equal('Bound');
      expect(await expect(pod).to.waitBecause('ContainerCreating')).to.equal('');
    });
  });

  proves('LV-BIND-58', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: secondNode(), path: absentPath });
    const claim = await namespace.claim('shared');
    const schedulingGates = [{ name: 'local-pv-conformance/gate' }];
    const gated = (name: string, prefers: string) =>
      namespace.pod(name, {
        claims: [claim],
        spec: { schedulingGates },
        change: ({ spec }: ManifestOf<'Pod'>) => preferNode(spec, prefers),
      });
    const pods = await together([gated('one', firstNode()), gated('two', thirdNode())]);
    const names = pods.map(({ name }) => name);
    const inAnyOrder = [names.join(), names.toReversed().join()];
    await triggerResync(namespace, claim);
    const said = await eventually(claim, 'an event that names both pods', (store) =>
      store
        .eventsOf(claim.ref)
        .map(({ message = '' }) => message)
        .find((message) => inAnyOrder.some((names) => message === `waiting for pods ${names} to be scheduled`)),
    );
    evidence.keep('event', said);
    const operations = [{ op: 'remove' as const, path: '/spec/schedulingGates' }];
    for (const { ref } of pods) await namespace.cluster.client.patch(ref, { type: 'json', operations });
    for (const pod of pods) await scheduledTo(pod, secondNode());
    await expect(claim).to.bindTo(volume);
  });
});
