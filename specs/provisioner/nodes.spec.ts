import { waitFor } from '../../clusters/api/wait.ts';
import {
  type ClaimHandle,
  evidence,
  expect,
  oneNode,
  readChapter,
  SpecNamespace,
  testCluster,
} from '../harness/index.ts';
import { offeredClass } from '../static-provisioner/offered.ts';
import { startNodeCleanup } from '../static-provisioner/programs.ts';

const { chapter, proves } = readChapter('provisioner');

/** The hostname of a node that was deleted: volumes of it are what such a node leaves behind. */
const deletedNode = 'node-that-was-deleted';

/** A path that no node has. */
const path = '/mnt/disks/none';

/** Seconds between the warning about a claim and its removal, where nothing has to be done between them. */
const delay = 3;

const isWarnedAbout = (claim: ClaimHandle) =>
  claim.store.eventsOf(claim.ref).some(({ reason }) => reason === 'ReferencedNodeDeleted');

describe(chapter, () => {
  proves('LV-PROV-15', async () => {
    await using namespace = await SpecNamespace.open();
    const storageClass = await offeredClass(namespace, 'Delete');
    const { store } = namespace.cluster;
    const { claim, volume } = await namespace.boundVolume('used', {
      node: deletedNode,
      path,
      volume: {
        change: (manifest) => {
          manifest.spec.persistentVolumeReclaimPolicy = 'Delete';
          // A volume of an external provisioner: the controller leaves cleaning it, and removing it, to that.
          manifest.metadata.annotations = { 'pv.kubernetes.io/provisioned-by': 'local-volume-provisioner-deleted' };
        },
      },
    });
    const never = await namespace.volume('never-used', { node: deletedNode, path: `${path}-either` });
    await using _cleanup = await startNodeCleanup(namespace, { storageClasses: [storageClass.name], delay });

    const warning = await expect(claim).to.reportEvent('ReferencedNodeDeleted', 'PVC is tied to a deleted Node.');
    evidence.keep('warning', warning);
    await expect(never).to.beGone();
    await expect(claim).to.beGone();
    const warned = store.eventsOf(claim.ref).find(({ reason }) => reason === 'ReferencedNodeDeleted')?.firstTimestamp;
    const removed = store.history(claim.ref).find(({ object }) => object.metadata.deletionTimestamp)?.object;
    const waited = Date.parse(removed?.metadata.deletionTimestamp ?? '') - Date.parse(warned ?? '');
    // Kubernetes' times are whole seconds, cut off.
    expect(waited, 'milliseconds from the warning to the removal').to.be.at.least((delay - 1) * 1000);
    await expect(volume).to.beGone();
    const phases = store.history(volume.ref).map(({ object }) => object.status?.phase);
    expect(phases, 'it went after its claim').to.include('Released');
  });

  proves('LV-PROV-16', async () => {
    await using namespace = await SpecNamespace.open();
    const storageClass = await offeredClass(namespace, 'Delete');
    await offeredClass(namespace, 'Delete', { name: 'not-named' });
    const pair = (name: string, node: string, storageClassName = 'local-storage') =>
      namespace.boundVolume(name, {
        node,
        path,
        volume: { spec: { storageClassName } },
        claim: { spec: { storageClassName } },
      });
    const there = await pair('of-a-node-that-is-there', oneNode());
    const notNamed = await pair('of-a-class-not-named', deletedNode, 'not-named');
    const gone = await pair('of-the-deleted-node', deletedNode);
    const replaced = await pair('replaced', deletedNode);
    // Enough for its owner on a busy machine.
    await using cleanup = await startNodeCleanup(namespace, { storageClasses: [storageClass.name], delay: 15 });
    for (const { claim } of [gone, replaced]) await expect(claim).to.reportEvent('ReferencedNodeDeleted');

    // While the delay runs its owner does the same by hand, and makes the claim again.
    await namespace.remove(replaced.claim);
    const successor = await namespace.claim('replaced');
    await expect(gone.claim).to.beGone();
    const left = await cleanup.says(
      `Original bond between PVC "${successor.name}" and PV "${replaced.volume.name}" was severed`,
    );
    evidence.keep('left-alone', left);
    for (const claim of [there.claim, notNamed.claim, successor])
      expect(claim.now.metadata.deletionTimestamp, `${claim} stays`).to.equal(undefined);
    for (const { claim } of [there, notNamed]) expect(isWarnedAbout(claim), `${claim} is warned about`).to.equal(false);
  });

  proves('LV-PROV-17', async () => {
    await using namespace = await SpecNamespace.open();
    const storageClass = await offeredClass(namespace, 'Delete');
    const [comesBack, staysAway] = [`back-${namespace.name}`, `away-${namespace.name}`];
    const { claim } = await namespace.boundVolume('comes-back', { node: comesBack, path });
    const { claim: witness } = await namespace.boundVolume('stays-away', { node: staysAway, path });
    await using away = await leaseBareNode(staysAway);
    await using back = await leaseBareNode(comesBack);
    await using _cleanup = await startNodeCleanup(namespace, { storageClasses: [storageClass.name], delay: 8 });
    await back[Symbol.asyncDispose]();
    await expect(claim).to.reportEvent('ReferencedNodeDeleted');

    await using _again = await leaseBareNode(comesBack);
    // A node that is deleted later: when its claim goes, the delay of the first one is over.
    await away[Symbol.asyncDispose]();
    await expect(witness).to.beGone();
    expect(claim.now.metadata.deletionTimestamp, `${claim} stays`).to.equal(undefined);
    expect(claim.now.status?.phase).to.equal('Bound');
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
      within: 90_000,
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
      within: 90_000,
      until: (view) => view.get(ref) !== undefined,
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return { [Symbol.asyncDispose]: remove };
}
