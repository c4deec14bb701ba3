import {
  absentPath,
  anotherNode,
  cordonedNode,
  evidence,
  expect,
  knownToScheduler,
  labelledNode,
  leaseVolume,
  type ManifestOf,
  oneNode,
  preferNode,
  readChapter,
  reasons,
  SpecNamespace,
  scheduledTo,
  taintedNode,
  together,
} from '../harness/index.ts';
import { taint } from './pod-requirements.ts';

const { chapter, proves } = readChapter('scheduling');

/** What keeps new pods off a node whose volumes stay where they are. */
const closures = {
  'LV-SCHED-29': { close: cordonedNode, reason: reasons.cordoned, key: 'node.kubernetes.io/unschedulable' },
  'LV-SCHED-30': { close: (node: string) => taintedNode(node, taint), reason: reasons.tainted, key: taint.key },
};

describe(chapter, () => {
  for (const [id, { close, reason, key }] of Object.entries(closures)) {
    proves(id, async () => {
      await using namespace = await SpecNamespace.open();
      await namespace.storageClass();
      const { claim } = await namespace.boundVolume('bound', { node: oneNode(), path: absentPath });
      // The closed node is the one that pods would go to: they prefer it, and its volumes are used least.
      const preferred = { node: oneNode(), path: absentPath, storage: '100Gi' };
      const chooser = async (name: string) => {
        const own = await namespace.claim(name);
        const change = ({ spec }: ManifestOf<'Pod'>) => preferNode(spec, oneNode());
        return { own, pod: await namespace.pod(name, { claims: [own], change }) };
      };
      // In this order: the scheduler may not know of the last volume yet when it tries the first pod.
      const first = await namespace.volume('first', preferred);
      const other = await namespace.volume('other', { node: anotherNode(), path: absentPath, storage: '1Gi' });
      const control = await chooser('while-open');
      await scheduledTo(control.pod, oneNode());
      await expect(control.own).to.bindTo(first);
      const second = await namespace.volume('second', preferred);

      await using _closed = await close(oneNode());
      await knownToScheduler(namespace, oneNode());
      const tied = await namespace.pod('tied', { claims: [claim] });
      const message = await expect(tied).to.beUnschedulable({
        [reason]: 1,
        [reasons.volumeAffinity]: 'the other nodes',
      });
      evidence.keep('scheduler-message', message);
      const { own, pod } = await chooser('while-closed');
      await scheduledTo(pod, anotherNode());
      await expect(own).to.bindTo(other);
      expect(second.now.status?.phase, 'the volume of the closed node').to.equal('Available');
      const tolerations = [{ key, operator: 'Exists' as const, effect: 'NoSchedule' as const }];
      const tolerant = await namespace.pod('tolerant', { claims: [claim], spec: { tolerations } });
      await scheduledTo(tolerant, oneNode());
      await expect(tied).to.beUnschedulable({ [reason]: 1, [reasons.volumeAffinity]: 'the other nodes' });
    });
  }

  proves('LV-SCHED-31', async () => {
    await using disk = await leaseVolume(oneNode(), 'LOOP', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const at = { node: 'cabinet-12', path: disk.path };
    const byLabel = await namespace.boundVolume('by-label', at);
    const byName = await namespace.boundVolume('by-name', { ...at, node: oneNode() });
    const [freeByLabel] = await together([
      namespace.volume('free-by-label', { node: 'cabinet-12', path: absentPath }),
      namespace.volume('free-by-name', { node: oneNode(), path: absentPath }),
    ]);
    await using _label = await labelledNode(oneNode(), { 'kubernetes.io/hostname': 'cabinet-12' });
    await knownToScheduler(namespace, oneNode());
    const runs = await namespace.pod('by-label', { claims: [byLabel.claim] });
    const stuck = await namespace.pod('by-name', { claims: [byName.claim] });
    await expect(runs).to.runOn(oneNode());
    await expect(runs).to.mount(byLabel.volume, { path: '/data', from: disk });
    await expect(stuck).to.beUnschedulable({ [reasons.volumeAffinity]: 'every node' });

    // For claims that wait, the scheduler compares the affinities of free volumes.
    const chosen = await namespace.claim('chosen');
    await scheduledTo(await namespace.pod('chosen', { claims: [chosen] }), oneNode());
    await expect(chosen).to.bindTo(freeByLabel);
    const late = await namespace.pod('late', { claims: [await namespace.claim('late')] });
    await expect(late).to.beUnschedulable({ [reasons.noVolume]: 'every node' });
  });
});
