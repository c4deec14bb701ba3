import {
  absentPath,
  anotherNode,
  type ClaimHandle,
  controllerLookedAgain,
  evidence,
  expect,
  leaseVolume,
  type ManifestOf,
  messages,
  oneNode,
  phasesOf,
  preferNode,
  readChapter,
  reasons,
  SpecNamespace,
  scheduledTo,
  schedulerLookedAgain,
  together,
} from '../harness/index.ts';
import { bindingAnnotations, bindingAnnotationsOf } from './binding-state.ts';

const { chapter, proves } = readChapter('binding');
const bytes = 16 * 2 ** 20;

/** No pod was needed for it: the spec has none. */
function expectNoPod({ cluster, part }: SpecNamespace): void {
  expect(cluster.store.list('Pod', part), 'no pod has asked for it').to.deep.equal([]);
}

/** A claim that is bound to a volume of node3 gets no pod of node2 to run, however long the pod waits. */
async function expectTrapped(namespace: SpecNamespace, claim: ClaimHandle): Promise<void> {
  const pod = await namespace.pod('must-run-on-node2', { claims: [claim], node: oneNode() });
  evidence.keep(
    'scheduler',
    await expect(pod).to.beUnschedulable({ [reasons.volumeAffinity]: 1, [reasons.podAffinity]: 'the other nodes' }),
  );
}

describe(chapter, () => {
  proves('LV-BIND-01', async () => {
    await using onNode2 = await leaseVolume(oneNode(), 'LOOP', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const volume = await namespace.volume('volume', { node: oneNode(), path: onNode2.path });
    const claim = await namespace.claim('claim');
    await expect(claim).to.bindTo(volume);
    expectNoPod(namespace);
    expect(bindingAnnotationsOf(claim)).to.deep.equal([bindingAnnotations.completed, bindingAnnotations.byController]);
    expect(bindingAnnotationsOf(volume)).to.deep.equal([bindingAnnotations.byController]);
    expect(phasesOf(claim)).to.deep.equal(['Pending', 'Bound']);

    const pod = await namespace.pod('consumer', { claims: [claim] });
    await expect(pod).to.runOn(oneNode());
    await expect(pod).to.mount(volume, { from: onNode2 });
    expect(claim.now.metadata.annotations).not.to.have.property(bindingAnnotations.selectedNode);
  });

  proves('LV-BIND-02', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const claim = await namespace.claim('claim');
    await expect(claim).to.reportEvent('ProvisioningFailed', messages.noProvisioner);
    const pod = await namespace.pod('consumer', { claims: [claim] });
    evidence.keep('scheduler', await expect(pod).to.beUnschedulable([messages.unboundImmediate]));
    expect(claim.now.status?.phase).to.equal('Pending');
  });

  proves('LV-BIND-03', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const smaller = await namespace.volume('smaller', { node: oneNode(), path: absentPath });
    const named = await namespace.volume('named', { node: anotherNode(), path: absentPath, storage: '2Gi' });
    const claim = await namespace.claim('claim', { volume: 'named' });
    await expect(claim).to.bindTo(named);
    expect(smaller.now.status?.phase, 'a better fit is left alone').to.equal('Available');
    expect(bindingAnnotationsOf(claim), 'the user chose the volume').to.deep.equal([bindingAnnotations.completed]);
    expect(bindingAnnotationsOf(named), 'the controller chose the claim').to.deep.equal([
      bindingAnnotations.byController,
    ]);
  });

  proves('LV-BIND-04', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const smaller = await namespace.volume('smaller', { node: oneNode(), path: absentPath });
    const reserved = await namespace.volume('reserved', {
      node: anotherNode(),
      path: absentPath,
      storage: '2Gi',
      spec: { claimRef: { name: 'claim' } },
    });
    const claim = await namespace.claim('claim');
    await expect(claim).to.bindTo(reserved);
    expect(smaller.now.status?.phase, 'a better fit is left alone').to.equal('Available');
    expect(bindingAnnotationsOf(claim), 'the controller chose the volume').to.deep.equal([
      bindingAnnotations.completed,
      bindingAnnotations.byController,
    ]);
    expect(bindingAnnotationsOf(reserved), 'the user chose the claim').to.deep.equal([]);
    expect(reserved.now.spec?.claimRef?.uid, 'filled in').to.equal(claim.now.metadata.uid);
  });

  proves('LV-BIND-06', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('too-small', { node: oneNode(), path: absentPath, storage: '512Mi' });
    const pod = await namespace.pod('consumer', { claims: ['claim'] });
    await expect(pod).to.beUnschedulable([`persistentvolumeclaim "${namespace.nameOf('claim')}" not found`]);
    // The pod is there before the claim, so the controller knows of it when it first looks at the claim.
    const claim = await namespace.claim('claim');
    await expect(claim).to.reportEvent('WaitForPodScheduled', `waiting for pod ${pod.name} to be scheduled`);
    evidence.keep('scheduler', await expect(pod).to.beUnschedulable({ [reasons.noVolume]: 'every node' }));
    expect(claim.now.status?.phase).to.equal('Pending');
    expect(volume.now.status?.phase).to.equal('Available');
  });

  proves('LV-BIND-07', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: anotherNode(), path: absentPath });
    const claim = await namespace.claim('claim', { volume: 'volume' });
    await expect(claim).to.bindTo(volume);
    expectNoPod(namespace);
    await expectTrapped(namespace, claim);
  });

  proves('LV-BIND-08', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('volume', {
      node: anotherNode(),
      path: absentPath,
      spec: { claimRef: { name: 'claim' } },
    });
    const claim = await namespace.claim('claim');
    await expect(claim).to.bindTo(volume);
    expectNoPod(namespace);
    await expectTrapped(namespace, claim);
  });

  proves('LV-BIND-12', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
    const claim = await namespace.claim('claim');
    await expect(claim).to.reportEvent('WaitForFirstConsumer', messages.waitsForConsumer);
    // Another pair of the namespace is bound by the same controller meanwhile, and has a pod.
    await schedulerLookedAgain(namespace, claim, volume);
    expect(phasesOf(claim)).to.deep.equal(['Pending']);
    expect(volume.now.status?.phase).to.equal('Available');
    const { store } = namespace.cluster;
    expect(store.history(claim.ref).some(({ object }) => object.spec?.volumeName)).to.equal(false);
    expect(store.history(volume.ref).some(({ object }) => object.spec?.claimRef)).to.equal(false);
  });

  proves('LV-BIND-18', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
    const first = await namespace.claim('first');
    await expect(first).to.bindTo(volume);
    const second = await namespace.claim('second', { volume: 'volume' });
    await expect(second).to.reportEvent('FailedBinding', `volume "${volume.name}" already bound to a different claim.`);
    expect(second.now.status?.phase).to.equal('Pending');
    await expect(first).to.bindTo(volume);
  });

  proves('LV-BIND-19', async () => {
    await using namespace = await SpecNamespace.open();
    // Only its class keeps the claims from this volume; the label keeps them from volumes of other specs.
    const labels = { 'local-pv-conformance/beside': namespace.name };
    const selector = { matchLabels: labels };
    const beside = await namespace.volume('beside', {
      node: oneNode(),
      path: absentPath,
      change: ({ metadata }) => Object.assign(metadata, { labels: { ...metadata.labels, ...labels } }),
    });
    expect(beside.now.spec?.storageClassName, 'the class of the volume beside').not.to.be.oneOf([undefined, '']);
    // The cluster has no default class, so that the absent name stays absent.
    const without = await together([
      namespace.claim('empty', { change: ({ spec }) => Object.assign(spec, { storageClassName: '', selector }) }),
      namespace.claim('absent', {
        change: ({ spec }) => {
          delete spec.storageClassName;
          spec.selector = selector;
        },
      }),
    ]);
    for (const claim of without) {
      const text = 'no persistent volumes available for this claim and no storage class is set';
      await expect(claim).to.reportEvent('FailedBinding', text);
      const events = namespace.cluster.store.eventsOf(claim.ref).filter(({ reason }) => reason === 'FailedBinding');
      expect(events.map(({ type }) => type)).to.deep.equal(['Normal']);
    }
    await controllerLookedAgain(namespace, beside, ...without);
    expect(without.map(phasesOf), 'they are never bound').to.deep.equal([['Pending'], ['Pending']]);
    expect(phasesOf(beside).at(-1), 'the volume of another class').to.equal('Available');
  });

  proves('LV-BIND-20', async () => {
    await using namespace = await SpecNamespace.open();
    const volume = await namespace.volume('volume', { node: anotherNode(), path: absentPath });
    const claim = await namespace.claim('claim');
    await expect(claim).to.bindTo(volume);
    expectNoPod(namespace);
    const name = claim.now.spec?.storageClassName ?? '';
    expect(name).to.equal(volume.now.spec?.storageClassName).and.to.include('local-storage');
    expect(namespace.cluster.store.get({ kind: 'StorageClass', name }), 'there is no such class').to.equal(undefined);
    await expectTrapped(namespace, claim);
  });

  proves('LV-BIND-11', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    await namespace.storageClass('Immediate', { name: 'at-once' });
    const atOnce = { storageClassName: 'at-once' };
    const fixed = await namespace.volume('fixed', {
      node: oneNode(),
      path: absentPath,
      spec: atOnce,
    });
    // Without the bound claim the pod goes to node3: it prefers that node, and the volume there is used least.
    const [elsewhere, beside] = await together([
      namespace.volume('elsewhere', { node: anotherNode(), path: absentPath, storage: '100Gi' }),
      namespace.volume('beside', { node: oneNode(), path: absentPath, storage: '1Gi' }),
    ]);
    const eager = await namespace.claim('eager', { spec: atOnce });
    await expect(eager).to.bindTo(fixed);
    const consumer = async (name: string, ...others: ClaimHandle[]) => {
      const patient = await namespace.claim(name);
      await expect(patient).to.reportEvent('WaitForFirstConsumer');
      const change = ({ spec }: ManifestOf<'Pod'>) => preferNode(spec, anotherNode());
      return { patient, pod: await namespace.pod(name, { claims: [...others, patient], change }) };
    };
    const { patient, pod } = await consumer('both', eager);
    await scheduledTo(pod, oneNode());
    await expect(patient).to.bindTo(beside);
    expect(elsewhere.now.status?.phase, 'the volume of the preferred node').to.equal('Available');
    await namespace.volume('beside-again', { node: oneNode(), path: absentPath, storage: '1Gi' });
    const control = await consumer('control');
    await scheduledTo(control.pod, anotherNode());
    await expect(control.patient).to.bindTo(elsewhere);
  });
});
