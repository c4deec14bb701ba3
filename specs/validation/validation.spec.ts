import {
  absentPath,
  assignedNode,
  type ClaimHandle,
  type ClassHandle,
  evidence,
  expect,
  leaseVolume,
  messages,
  nodeCount,
  oneNode,
  onNode,
  readChapter,
  runInPod,
  SpecNamespace,
  testCluster,
  type VolumeHandle,
} from '../harness/index.ts';
import { type Anything, expectRefusal, plainManifest } from './refusals.ts';
import { affinityIsImmutable, createCases, graduatedLabels, type UpdateCase, updateCases } from './validation-cases.ts';

const { chapter, proves } = readChapter('validation');

/** Makes the object that a case changes. The class is Immediate, without expansion, and deletes. */
async function subject(
  namespace: SpecNamespace,
  of: UpdateCase['of'],
): Promise<VolumeHandle | ClassHandle | ClaimHandle> {
  if (of === 'volume') return namespace.volume('volume', { node: assignedNode(), path: absentPath });
  const storageClass = await namespace.storageClass('Immediate');
  if (of === 'class') return storageClass;
  if (of === 'unboundClaim') return namespace.claim('claim');
  const { claim, volume } = await namespace.boundVolume('pair', { node: assignedNode(), path: absentPath });
  await expect(claim).to.bindTo(volume);
  return claim;
}

/** A pod that names a local path where a volume of a pod stands, as if it were a hostPath. */
function inlineLocal({ spec }: Anything): void {
  spec.volumes = [{ name: 'data', local: { path: '/mnt/disks/volA' } }];
}

describe(chapter, () => {
  for (const { id, change, near = () => {}, refused } of createCases) {
    proves(id, async () => {
      const { client } = await testCluster();
      // The nearest valid volume is accepted: nothing else is wrong with the one that is refused.
      await client.create(await plainManifest('volume', near), { dryRun: true });
      await expectRefusal(client.create(await plainManifest('volume', change), { dryRun: true }), refused);
    });
  }

  for (const { id, of, patch: change, refused } of updateCases) {
    proves(id, async () => {
      await using namespace = await SpecNamespace.open();
      const object = await subject(namespace, of);
      const before = object.now;
      const patch = namespace.cluster.client.patch.bind(namespace.cluster.client);
      await expectRefusal(patch(object.ref, change, { dryRun: true }), refused);
      // What may change does: the object is refused for that field, not for its state.
      const labelled = { type: 'merge', change: { metadata: { labels: { checked: 'yes' } } } } as const;
      expect((await patch(object.ref, labelled, { dryRun: true })).metadata.uid).to.equal(before.metadata.uid);
    });
  }

  proves('LV-VALID-03', async () => {
    const here = assignedNode();
    await using disk = await leaseVolume(here, 'LOOP', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const relative = disk.path.slice(1);
    const { volume, claim } = await namespace.boundVolume('relative', { node: here, path: relative });
    expect(volume.now.spec?.local?.path, 'kept as it was written').to.equal(relative);
    const pod = await namespace.pod('consumer', { claims: [claim] });
    await expect(pod).to.runOn(here);
    await expect(pod).to.mount(volume, { from: disk });
    await runInPod(pod, ['sh', '-c', 'echo below the root >/data/place && sync /data/place']);
    const file = `${disk.path}/place`;
    expect(await onNode(namespace.cluster.node(here), ['cat', file])).to.equal('below the root\n');
  });

  proves('LV-VALID-07', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('of-no-node', {
      node: oneNode(),
      path: absentPath,
      volume: { spec: { nodeAffinity: { required: { nodeSelectorTerms: [{}] } } } },
    });
    await expect(claim).to.bindTo(volume);
    const pod = await namespace.pod('consumer', { claims: [claim] });
    evidence.keep('scheduler', await expect(pod).to.beUnschedulable([messages.outsideVolume(nodeCount())]));
  });

  proves('LV-VALID-30', async () => {
    await using namespace = await SpecNamespace.open();
    for (const [index, { beta, stable }] of graduatedLabels.entries()) {
      const terms = (key: string, value: string) => ({
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In' as const, values: [value] }] }] },
      });
      const volume = await namespace.volume(`volume-${index}`, {
        node: assignedNode(),
        path: absentPath,
        spec: { nodeAffinity: terms(beta, 'a') },
      });
      const change = (key: string, value: string) =>
        namespace.cluster.client.patch(volume.ref, {
          type: 'merge',
          change: { spec: { nodeAffinity: terms(key, value) } },
        });
      await expectRefusal(change(stable, 'b'), { causes: [affinityIsImmutable] });
      const moved = await change(stable, 'a');
      expect(moved.spec?.nodeAffinity).to.deep.equal(terms(stable, 'a'));
      await expectRefusal(change(beta, 'a'), { causes: [affinityIsImmutable] });
    }
  });

  proves('LV-VALID-49', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate', {
      change: (manifest) => {
        manifest.allowVolumeExpansion = true;
      },
    });
    const { claim } = await namespace.boundVolume('raised', { node: assignedNode(), path: absentPath });
    const ask = (storage: string) =>
      namespace.cluster.client.patch(claim.ref, {
        type: 'merge',
        change: { spec: { resources: { requests: { storage } } } },
      });
    await ask('3Gi');
    await expect(claim).to.reportEvent('ExternalExpanding');
    expect(claim.now.status?.capacity?.storage, 'no external controller grants it').to.equal('1Gi');
    const refused = {
      field: 'spec.resources.requests.storage',
      reason: 'FieldValueForbidden',
      message: 'field can not be less than status.capacity',
    };
    await expectRefusal(ask('1Gi'), { causes: [refused] });
    await expectRefusal(ask('1073741823'), { causes: [refused] });
    for (const storage of ['2Gi', '1073741825'])
      expect((await ask(storage)).spec?.resources?.requests?.storage).to.equal(storage);
  });

  proves('LV-VALID-45', async () => {
    const { client } = await testCluster();
    const pod = await plainManifest('pod', inlineLocal);
    await expectRefusal(client.create(pod, { dryRun: true }), {
      status: 400,
      causes: [{ field: 'spec.volumes[0].local', reason: 'UnknownField', message: 'unknown field' }],
    });
  });

  proves('LV-VALID-46', async () => {
    const { client } = await testCluster();
    const pod = await plainManifest('pod', inlineLocal);
    for (const fieldValidation of ['unset', 'Warn', 'Ignore'] as const) {
      const taken = (await client.create(pod, { dryRun: true, fieldValidation })) as Anything;
      expect(taken.spec.volumes[0] as object, 'nothing is left of the path').to.deep.equal({
        name: 'data',
        emptyDir: {},
      });
      evidence.keep(`taken-with-${fieldValidation}`, taken);
    }
  });
});
