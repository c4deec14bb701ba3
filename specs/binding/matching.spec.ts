import { grouped } from '../../clusters/text/collections.ts';
import {
  absentPath,
  evidence,
  expect,
  messages,
  oneNode,
  phasesOf,
  readChapter,
  reasons,
  SpecNamespace,
  scheduledTo,
  schedulerLookedAgain,
  type VolumeHandle,
} from '../harness/index.ts';
import { type MatchingRule, matchingRules, preBoundMismatches } from './binding-rules.ts';

const { chapter, proves } = readChapter('binding');

describe(chapter, () => {
  proves('LV-BIND-16', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    // One more than the claims ask for.
    const accessModes = ['ReadWriteOnce', 'ReadOnlyMany'];
    const at = { node: oneNode(), path: absentPath, spec: { accessModes } };
    const big = await namespace.volume('big', { ...at, storage: '3Gi' });
    const small = await namespace.volume('small', { ...at, storage: '1Gi' });
    const middle = await namespace.volume('middle', { ...at, storage: '2Gi' });
    const first = await namespace.claim('first', { storage: '1536Mi' });
    await expect(first).to.bindTo(middle);
    const second = await namespace.claim('second', { storage: '1536Mi' });
    await expect(second).to.bindTo(big);
    expect(first.now.status?.capacity, 'the whole volume, not what was asked for').to.deep.equal({ storage: '2Gi' });
    expect(first.now.status?.accessModes, 'those of the volume').to.deep.equal(accessModes);
    expect(second.now.status?.capacity).to.deep.equal({ storage: '3Gi' });
    const third = await namespace.claim('third', { storage: '1536Mi' });
    await expect(third).to.reportEvent('ProvisioningFailed', messages.noProvisioner);
    expect(small.now.status?.phase).to.equal('Available');
  });

  proves('LV-BIND-17', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const at = { node: oneNode(), path: absentPath };
    const big = await namespace.volume('big', { ...at, storage: '5Gi' });
    const middle = await namespace.volume('middle', { ...at, storage: '3Gi' });
    const small = await namespace.volume('small', { ...at, storage: '1Gi' });
    const wantsMuch = await namespace.claim('wants-much', { storage: '3Gi' });
    const wantsLess = await namespace.claim('wants-less', { storage: '2Gi' });
    // Served as the pod names them, the first would take the volume of 3Gi and leave 5Gi to the second.
    const pod = await namespace.pod('consumer', { claims: [wantsMuch, wantsLess] });
    await scheduledTo(pod, oneNode());
    await expect(wantsLess).to.bindTo(middle);
    await expect(wantsMuch).to.bindTo(big);
    expect(small.now.status?.phase).to.equal('Available');
  });

  for (const [id, rules] of grouped(matchingRules, (rule) => rule.id))
    proves(id, async () => {
      for (const rule of rules) await expectObserved(rule);
    });

  for (const { id, why, breaks, asks, afterwards } of preBoundMismatches) {
    proves(id, async () => {
      await using namespace = await SpecNamespace.open();
      await namespace.storageClass('Immediate');
      const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath, change: breaks });
      await using _held = await afterwards?.(namespace, volume);
      const claim = await namespace.claim('claim', { volume: 'volume', change: asks });
      const text = `Cannot bind to requested volume "${volume.name}": ${why(volume.name)}`;
      evidence.keep('event', await expect(claim).to.reportEvent('VolumeMismatch', text));
      expect(claim.now.status?.phase).to.equal('Pending');
      expect(volume.now.spec?.claimRef, 'it is bound to no claim').to.equal(undefined);
    });
  }

  proves('LV-BIND-29', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    await namespace.storageClass('WaitForFirstConsumer', { name: 'patient' });
    const at = { node: oneNode(), path: absentPath };
    const volumes = [
      await namespace.volume('of-immediate', at),
      await namespace.volume('of-patient', { ...at, spec: { storageClassName: 'patient' } }),
    ];
    const volumeAttributesClassName = 'fast';
    const claim = await namespace.claim('claim', { spec: { volumeAttributesClassName } });
    await expect(claim).to.reportEvent('ProvisioningFailed', messages.noProvisioner);
    const waiting = await namespace.claim('waiting', {
      spec: { storageClassName: 'patient', volumeAttributesClassName },
    });
    const pod = await namespace.pod('consumer', { claims: [waiting] });
    await expect(pod).to.beUnschedulable({ [reasons.noVolume]: 'every node' });
    await schedulerLookedAgain(namespace, claim, waiting, ...volumes);
    for (const one of [claim, waiting]) expect(phasesOf(one)).to.deep.equal(['Pending']);
    for (const { now } of volumes) expect(now.status?.phase).to.equal('Available');
    // The same claim without a class of attributes takes the volume.
    const plain = await namespace.claim('plain');
    await expect(plain).to.bindTo(volumes[0] as VolumeHandle);
  });

  proves('LV-BIND-61', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    await namespace.storageClass('WaitForFirstConsumer', { name: 'patient' });
    const offer = async (className: string) => {
      const at = (storage: string, ...more: 'ReadOnlyMany'[]) => ({
        node: oneNode(),
        path: absentPath,
        storage,
        spec: { storageClassName: className, accessModes: ['ReadWriteOnce', ...more] },
      });
      const smaller = await namespace.volume(`${className}-smaller`, at('1Gi', 'ReadOnlyMany'));
      const exact = await namespace.volume(`${className}-exact`, at('5Gi'));
      return { smaller, exact, claim: await namespace.claim(className, { spec: { storageClassName: className } }) };
    };
    const byController = await offer('local-storage');
    await expect(byController.claim).to.bindTo(byController.exact);
    expect(byController.smaller.now.status?.phase).to.equal('Available');
    const byScheduler = await offer('patient');
    await scheduledTo(await namespace.pod('consumer', { claims: [byScheduler.claim] }), oneNode());
    await expect(byScheduler.claim).to.bindTo(byScheduler.smaller);
  });

  proves('LV-BIND-36', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const volume = await namespace.volume('volume', {
      node: oneNode(),
      path: absentPath,
      labels: { disk: 'slow' },
    });
    const claim = await namespace.claim('claim', {
      volume: 'volume',
      spec: { selector: { matchLabels: { disk: 'fast' } } },
    });
    await expect(claim).to.bindTo(volume);
  });
});

/** Proves that neither the controller nor the scheduler gives a claim a volume that breaks the rule. */
async function expectObserved({ breaks = [() => {}], afterwards, asks, fits }: MatchingRule): Promise<void> {
  await using namespace = await SpecNamespace.open();
  const held: AsyncDisposable[] = [];
  await using _held = {
    async [Symbol.asyncDispose]() {
      for (const each of held) await each[Symbol.asyncDispose]();
    },
  };
  const at = { node: oneNode(), path: absentPath };
  /** Creates volumes of a class that break the rule for a claim. */
  const decoysFor = async (claim: string, storageClass: string): Promise<VolumeHandle[]> => {
    const decoys: VolumeHandle[] = [];
    for (const [index, breakRule] of breaks.entries()) {
      const name = `decoy-${index}-of-${storageClass}`;
      const decoy = await namespace.volume(name, {
        ...at,
        change: (manifest) => {
          manifest.spec.storageClassName = storageClass;
          breakRule(manifest, claim);
        },
      });
      decoys.push(decoy);
      const hold = await afterwards?.(namespace, decoy, { volume: name, storageClass });
      if (hold) held.push(hold);
    }
    return decoys;
  };
  await namespace.storageClass('Immediate');
  const decoys = await decoysFor('claim', 'local-storage');
  const fitting = await namespace.volume('fitting', { ...at, storage: '2Gi', change: fits });
  const claim = await namespace.claim('claim', { change: asks });
  await expect(claim).to.bindTo(fitting);
  const late = await namespace.claim('late', { change: asks });
  await expect(late).to.reportEvent('ProvisioningFailed', messages.noProvisioner);
  expect(late.now.status?.phase).to.equal('Pending');

  // The scheduler has a search of its own.
  await namespace.storageClass('WaitForFirstConsumer', { name: 'patient' });
  decoys.push(...(await decoysFor('waiting', 'patient')));
  const waiting = await namespace.claim('waiting', {
    change: (manifest) => {
      manifest.spec.storageClassName = 'patient';
      asks?.(manifest);
    },
  });
  const pod = await namespace.pod('consumer', { claims: [waiting] });
  evidence.keep('scheduler', await expect(pod).to.beUnschedulable({ [reasons.noVolume]: 'every node' }));
  expect(waiting.now.status?.phase).to.equal('Pending');
  const ours = [claim, late, waiting].map(({ now }) => now.metadata.uid);
  for (const decoy of decoys)
    expect(ours, `${decoy} is bound to none of the claims`).not.to.include(decoy.now.spec?.claimRef?.uid);
}
