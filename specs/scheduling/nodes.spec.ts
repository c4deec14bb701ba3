import {
  absentPath,
  cordonedNode,
  evidence,
  expect,
  knownToScheduler,
  labelledNode,
  leaseVolume,
  type ManifestOf,
  readChapter,
  reasons,
  SpecNamespace,
  scheduledTo,
  taintedNode,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('scheduling');

const own = 'local-pv-conformance/rack';
const inRack = ({ spec }: ManifestOf<'PersistentVolume'>): void => {
  const matchExpressions = [{ key: own, operator: 'In' as const, values: ['r7'] }];
  spec.nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions }] } };
};

const taint = { key: 'local-pv-conformance/reserved', value: 'yes', effect: 'NoSchedule' } as const;

/** What keeps new pods off a node whose volumes stay where they are. */
const closures = {
  'LV-SCHED-29': { close: cordonedNode, reason: reasons.cordoned, key: 'node.kubernetes.io/unschedulable' },
  'LV-SCHED-30': { close: (node: string) => taintedNode(node, taint), reason: reasons.tainted, key: taint.key },
};

describe(chapter, () => {
  proves('LV-SCHED-28', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const bound = await namespace.boundVolume('bound', { node: 'node3', path: absentPath, volume: { change: inRack } });
    await expect(bound.claim).to.bindTo(bound.volume);
    const free = await namespace.volume('free', { node: 'node3', path: absentPath, change: inRack });
    const claim = await namespace.claim('free');
    const ofBound = await namespace.pod('of-bound', { claims: [bound.claim] });
    const ofFree = await namespace.pod('of-free', { claims: [claim] });
    await expect(ofBound).to.beUnschedulable({ [reasons.volumeAffinity]: 3 });
    await expect(ofFree).to.beUnschedulable({ [reasons.noVolume]: 3 });

    await using _label = await labelledNode('node3', { [own]: 'r7' });
    await scheduledTo(ofBound, 'node3');
    await scheduledTo(ofFree, 'node3');
    await expect(claim).to.bindTo(free);
  });

  for (const [id, { close, reason, key }] of Object.entries(closures)) {
    proves(id, async () => {
      await using namespace = await SpecNamespace.open();
      await namespace.storageClass();
      const { claim } = await namespace.boundVolume('bound', { node: 'node2', path: absentPath });
      // The better fit is on the closed node.
      await namespace.volume('best', { node: 'node2', path: absentPath, storage: '1Gi' });
      const other = await namespace.volume('other', { node: 'node3', path: absentPath, storage: '2Gi' });
      const tied = await (async () => {
        await using _closed = await close('node2');
        await knownToScheduler(namespace, 'node2');
        const pod = await namespace.pod('tied', { claims: [claim] });
        evidence.keep(
          'scheduler-message',
          await expect(pod).to.beUnschedulable({ [reason]: 1, [reasons.volumeAffinity]: 2 }),
        );
        const unbound = await namespace.claim('unbound');
        const free = await namespace.pod('free', { claims: [unbound] });
        await scheduledTo(free, 'node3');
        await expect(unbound).to.bindTo(other);
        const tolerant = await namespace.pod('tolerant', {
          claims: [claim],
          spec: { tolerations: [{ key, operator: 'Exists', effect: 'NoSchedule' }] },
        });
        await scheduledTo(tolerant, 'node2');
        expect(pod.now.spec?.nodeName).to.equal(undefined);
        return pod;
      })();
      await scheduledTo(tied, 'node2');
    });
  }

  proves('LV-SCHED-31', async () => {
    await using disk = await leaseVolume('node3', 'LOOP', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const at = { node: 'cabinet-12', path: disk.path };
    const byLabel = await namespace.boundVolume('by-label', at);
    const byName = await namespace.boundVolume('by-name', { ...at, node: 'node3' });
    await using _label = await labelledNode('node3', { 'kubernetes.io/hostname': 'cabinet-12' });
    await knownToScheduler(namespace, 'node3');
    const runs = await namespace.pod('by-label', { claims: [byLabel.claim] });
    const stuck = await namespace.pod('by-name', { claims: [byName.claim] });
    await expect(runs).to.runOn('node3');
    await expect(runs).to.mount(byLabel.volume, { path: '/data', from: disk });
    await expect(stuck).to.beUnschedulable({ [reasons.volumeAffinity]: 3 });
  });
});
