import { waitFor } from '../../clusters/api/wait.ts';
import {
  type ClaimHandle,
  consistently,
  contradiction,
  eventually,
  evidence,
  expect,
  knownToScheduler,
  readChapter,
  SpecNamespace,
  taintedNode,
  testCluster,
  type VolumeHandle,
} from '../harness/index.ts';
import { NodeCleanup } from '../static-provisioner/node-cleanup.ts';
import { volumeName } from '../static-provisioner/offers.ts';
import {
  leaseEntriesDirectory,
  offeredClass,
  offeredVolume,
  startProvisioner,
} from '../static-provisioner/started-provisioner.ts';

const { chapter, proves } = readChapter('provisioner');

/** The hostname of a node that was deleted: volumes of it are what such a node leaves behind. */
const deletedNode = 'node-that-was-deleted';

const bindTo = async ({ claim, volume }: { claim: ClaimHandle; volume: VolumeHandle }) => {
  await expect(claim).to.bindTo(volume);
  return { claim, volume };
};

describe(chapter, () => {
  proves('LV-PROV-15', async () => {
    await using namespace = await SpecNamespace.open();
    const storageClass = await offeredClass(namespace, 'Delete');
    const { client, store } = namespace.cluster;
    const { claim, volume } = await bindTo(
      await namespace.boundVolume('used', {
        node: deletedNode,
        path: '/mnt/disks/none',
        volume: {
          change: (manifest) => {
            manifest.spec.persistentVolumeReclaimPolicy = 'Delete';
            // A volume of an external provisioner: the controller leaves cleaning it, and removing it, to that.
            manifest.metadata.annotations = { 'pv.kubernetes.io/provisioned-by': 'local-volume-provisioner-deleted' };
          },
        },
      }),
    );
    const never = await namespace.volume('never-used', { node: deletedNode, path: '/mnt/disks/none-either' });
    await using cleanup = new NodeCleanup({ client, store, storageClasses: [storageClass.name], delay: 1500 });
    await cleanup.look();

    const warning = await expect(claim).to.reportEvent('ReferencedNodeDeleted', 'PVC is tied to a deleted Node.');
    evidence.keep('warning', warning);
    await expect(never).to.beGone();
    await expect(claim).to.beGone();
    const warned = Date.parse(
      store.eventsOf(claim.ref).find(({ reason }) => reason === 'ReferencedNodeDeleted')?.firstTimestamp ?? '',
    );
    const removed = store.history(claim.ref).find(({ object }) => object.metadata.deletionTimestamp);
    // Kubernetes' times are whole seconds, cut off.
    expect(Date.parse(removed?.object.metadata.deletionTimestamp ?? '') - warned).to.be.at.least(1000);
    await expect(volume).to.reachPhase('Released');
    await cleanup.look();
    await expect(volume).to.beGone();
  });

  proves('LV-PROV-16', async () => {
    await using namespace = await SpecNamespace.open();
    const { client, store } = namespace.cluster;
    const storageClass = await offeredClass(namespace, 'Delete');
    await offeredClass(namespace, 'Delete', { name: 'not-named' });
    const pair = async (name: string, node: string, className = 'local-storage') =>
      bindTo(
        await namespace.boundVolume(name, {
          node,
          path: '/mnt/disks/none',
          volume: { spec: { storageClassName: className } },
          claim: { spec: { storageClassName: className } },
        }),
      );
    const there = await pair('of-a-node-that-is-there', 'node2');
    const notNamed = await pair('of-a-class-not-named', deletedNode, 'not-named');
    const gone = await pair('of-the-deleted-node', deletedNode);
    const replaced = await pair('replaced', deletedNode);
    await using cleanup = new NodeCleanup({ client, store, storageClasses: [storageClass.name], delay: 2500 });
    await cleanup.look();
    for (const { claim } of [gone, replaced]) await expect(claim).to.reportEvent('ReferencedNodeDeleted');

    // While the delay runs its owner does the same by hand, and makes the claim again.
    await namespace.remove(replaced.claim);
    const successor = await namespace.claim('replaced');
    await expect(gone.claim).to.beGone();
    const left = [there.claim, notNamed.claim, successor];
    await consistently(store, {
      what: 'the claims that are not to be removed stay',
      on: left.map(({ ref }) => ref),
      window: 1500,
      unless: (view) => left.find(({ ref }) => view.get(ref)?.metadata.deletionTimestamp ?? !view.get(ref))?.name,
    });
    for (const { claim } of [there, notNamed])
      expect(store.eventsOf(claim.ref).map(({ reason }) => reason)).not.to.include('ReferencedNodeDeleted');
  });

  proves('LV-PROV-17', async () => {
    await using namespace = await SpecNamespace.open();
    const { client, store } = namespace.cluster;
    const storageClass = await offeredClass(namespace, 'Delete');
    const node = `bare-${namespace.name}`;
    const at = { node, path: '/mnt/disks/none' };
    const { claim } = await bindTo(await namespace.boundVolume('of-the-node', at));
    await using cleanup = new NodeCleanup({ client, store, storageClasses: [storageClass.name], delay: 2000 });
    {
      await using _node = await leaseBareNode(node);
      await cleanup.look();
      expect(store.eventsOf(claim.ref).map(({ reason }) => reason)).not.to.include('ReferencedNodeDeleted');
    }
    await cleanup.look();
    await expect(claim).to.reportEvent('ReferencedNodeDeleted');

    await using _back = await leaseBareNode(node);
    await consistently(store, {
      what: `${claim} stays, for longer than the delay`,
      on: [claim.ref],
      window: 3000,
      unless: (view) => view.get(claim.ref)?.metadata.deletionTimestamp ?? !view.get(claim.ref),
    });
  });

  proves('LV-PROV-18', async () => {
    const startupTaint = 'local-pv-conformance/disks-not-offered';
    await using directory = await leaseEntriesDirectory('node2');
    await using _other = await taintedNode('node2', { key: 'local-pv-conformance/other', effect: 'PreferNoSchedule' });
    await using _startup = await taintedNode('node2', { key: startupTaint, effect: 'NoSchedule' });
    await using namespace = await SpecNamespace.open();
    await knownToScheduler(namespace, 'node2');
    const [path = ''] = await directory.memory(16 * 2 ** 20, 'disk');
    const storageClass = await offeredClass(namespace, 'Delete', { mode: 'WaitForFirstConsumer' });
    const claim = await namespace.claim('claim', { storage: '8Mi' });
    const pod = await namespace.pod('early', { claims: [claim], node: 'node2' });
    await expect(pod).to.beUnschedulable(['1 node(s) had untolerated taint(s)']);
    await using provisioner = await startProvisioner(
      namespace,
      'node2',
      [{ storageClass: storageClass.name, directory: directory.path }],
      { startupTaint },
    );
    await provisioner.look();
    await offeredVolume(namespace, { name: volumeName('disk', 'node2', storageClass.name), path });
    await expect(pod).to.runOn('node2');
    const keys = await eventually(pod, `the taint ${startupTaint} to be gone`, (view) => {
      const taints = (view.get({ kind: 'Node', name: 'node2' })?.spec?.taints ?? []).map(({ key }) => key);
      if (!taints.includes('local-pv-conformance/other')) throw contradiction(pod, 'another taint went with it');
      return taints.includes(startupTaint) ? undefined : taints;
    });
    evidence.keep('taints-left', keys);
  });
});

/**
 * Creates a Node object without a kubelet, and deletes it at the end. The scheduler sees one more node until then, so
 * that only a spec that runs alone may lease one.
 */
async function leaseBareNode(name: string): Promise<AsyncDisposable> {
  const { client, store } = await testCluster();
  const ref = { kind: 'Node', name } as const;
  const remove = async () => {
    await client.remove(ref, { absentIsFine: true });
    await waitFor(store, {
      what: `Node ${name} to be gone`,
      on: [ref],
      within: 30_000,
      until: (view) => !view.get(ref),
    });
  };
  await client.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  });
  try {
    await waitFor(store, {
      what: `Node ${name} to be seen`,
      on: [ref],
      within: 30_000,
      until: (view) => view.get(ref) !== undefined,
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return { [Symbol.asyncDispose]: remove };
}
