import {
  boundPair,
  cordonedNode,
  evidence,
  expect,
  knownToScheduler,
  labelledNode,
  localClaim,
  localClass,
  localVolume,
  type ManifestOf,
  makeLeasedDisk,
  nowhere,
  podWith,
  readChapter,
  reasons,
  SpecNamespace,
  scheduledTo,
  taintedNode,
  unschedulable,
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
    await localClass(namespace);
    const bound = await boundPair(namespace, 'bound', { node: 'node3', path: nowhere }, { volume: inRack });
    await expect(bound.claim).to.bindTo(bound.volume);
    const free = await localVolume(namespace, 'free', { node: 'node3', path: nowhere }, inRack);
    const claim = await localClaim(namespace, 'free');
    const ofBound = await podWith(namespace, 'of-bound', [bound.claim]);
    const ofFree = await podWith(namespace, 'of-free', [claim]);
    await unschedulable(ofBound, { [reasons.volumeAffinity]: 3 });
    await unschedulable(ofFree, { [reasons.noVolume]: 3 });

    await using _label = await labelledNode('node3', { [own]: 'r7' });
    await scheduledTo(ofBound, 'node3');
    await scheduledTo(ofFree, 'node3');
    await expect(claim).to.bindTo(free);
  });

  for (const [id, { close, reason, key }] of Object.entries(closures)) {
    proves(id, async () => {
      await using namespace = await SpecNamespace.open();
      await localClass(namespace);
      const { claim } = await boundPair(namespace, 'bound', { node: 'node2', path: nowhere });
      // The better fit is on the closed node.
      await localVolume(namespace, 'best', { node: 'node2', path: nowhere, storage: '1Gi' });
      const other = await localVolume(namespace, 'other', { node: 'node3', path: nowhere, storage: '2Gi' });
      const tied = await (async () => {
        await using _closed = await close('node2');
        await knownToScheduler(namespace, 'node2');
        const pod = await podWith(namespace, 'tied', [claim]);
        evidence.keep('scheduler-message', await unschedulable(pod, { [reason]: 1, [reasons.volumeAffinity]: 2 }));
        const unbound = await localClaim(namespace, 'unbound');
        const free = await podWith(namespace, 'free', [unbound]);
        await scheduledTo(free, 'node3');
        await expect(unbound).to.bindTo(other);
        const tolerant = await podWith(namespace, 'tolerant', [claim], {}, ({ spec }) => {
          spec.tolerations = [{ key, operator: 'Exists', effect: 'NoSchedule' }];
        });
        await scheduledTo(tolerant, 'node2');
        expect(pod.now.spec?.nodeName).to.equal(undefined);
        return pod;
      })();
      await scheduledTo(tied, 'node2');
    });
  }

  proves('LV-SCHED-31', async () => {
    await using disk = await makeLeasedDisk('node3', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    await localClass(namespace);
    const at = { node: 'cabinet-12', path: disk.disk.mountPath };
    const byLabel = await boundPair(namespace, 'by-label', at);
    const byName = await boundPair(namespace, 'by-name', { ...at, node: 'node3' });
    await using _label = await labelledNode('node3', { 'kubernetes.io/hostname': 'cabinet-12' });
    await knownToScheduler(namespace, 'node3');
    const runs = await podWith(namespace, 'by-label', [byLabel.claim]);
    const stuck = await podWith(namespace, 'by-name', [byName.claim]);
    await expect(runs).to.runOn('node3');
    await expect(runs).to.mount(byLabel.volume, { path: '/data', from: disk.disk });
    await unschedulable(stuck, { [reasons.volumeAffinity]: 3 });
  });
});
