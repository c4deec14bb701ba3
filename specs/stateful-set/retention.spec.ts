import {
  absentPath,
  type ClaimHandle,
  eventually,
  expect,
  type Handle,
  oneNode,
  type PodHandle,
  readChapter,
  SpecNamespace,
  scheduledNode,
  together,
  type VolumeHandle,
} from '../harness/index.ts';
import { localSet, member, type SetHandle, scale } from './stateful-sets.ts';

const { chapter, proves } = readChapter('stateful-set');

type Fate = 'Retain' | 'Delete';

/** What becomes of the claims of a set that is scaled down, and of those of one that is deleted. */
const policies: Record<string, { whenScaled: Fate; whenDeleted: Fate }> = {
  'LV-SET-07': { whenScaled: 'Retain', whenDeleted: 'Retain' },
  'LV-SET-08': { whenScaled: 'Delete', whenDeleted: 'Retain' },
  'LV-SET-09': { whenScaled: 'Retain', whenDeleted: 'Delete' },
  'LV-SET-10': { whenScaled: 'Delete', whenDeleted: 'Delete' },
};

describe(chapter, () => {
  for (const [id, policy] of Object.entries(policies)) {
    proves(id, async () => {
      await using namespace = await SpecNamespace.open();
      await namespace.storageClass();
      const volumes = await together(
        ['a', 'b'].map((name) => namespace.volume(name, { node: oneNode(), path: absentPath })),
      );
      const set = await localSet(namespace, { replicas: 2 }, (spec) => {
        // Its pods never start, so none may wait for another.
        spec.podManagementPolicy = 'Parallel';
        spec.persistentVolumeClaimRetentionPolicy = policy;
      });
      const members = [await member(namespace, 0), await member(namespace, 1)] as const;
      for (const { pod, claim } of members) {
        await scheduledNode(pod);
        await expect(claim).to.reachPhase('Bound');
      }
      const volumeOf = ({ now }: ClaimHandle): VolumeHandle => {
        const found = volumes.find(({ name }) => name === now.spec?.volumeName);
        if (!found) throw new Error(`${now.metadata.name} is bound to ${now.spec?.volumeName}`);
        return found;
      };
      const [kept, scaled] = members.map(({ claim }) => ({ claim, volume: volumeOf(claim) }));
      if (!kept || !scaled) throw new Error('the set has two claims');
      for (const { claim } of members) await owned(claim, policy.whenDeleted === 'Delete' ? ['StatefulSet'] : []);

      await scale(namespace, set, 1);
      await expect(members[1].pod).to.beGone();
      await servedAgain(namespace, set);
      await meets(namespace, scaled, policy.whenScaled, members[1].pod);
      await owned(kept.claim, policy.whenDeleted === 'Delete' ? ['StatefulSet'] : []);
      expect(kept.claim.now.status?.phase, 'the claim of the pod that stays').to.equal('Bound');

      await namespace.remove(set);
      await expect(members[0].pod).to.beGone();
      await meets(namespace, kept, policy.whenDeleted, set);
      // The claim that outlived the scaling is the set's all the same.
      if (policy.whenScaled === 'Retain') await meets(namespace, scaled, policy.whenDeleted, set);
    });
  }
});

/** Waits until the claim has just these kinds of owners, with which it would go. */
async function owned(claim: ClaimHandle, kinds: readonly string[]): Promise<void> {
  await eventually(claim, `${claim} to be owned by ${kinds.join() || 'no object'}`, (store) => {
    const owners = store.get(claim.ref)?.metadata.ownerReferences ?? [];
    return owners.map(({ kind }) => kind).join() === kinds.join();
  });
}

/** Waits until the controller has looked at a set once more: at a change of it that concerns none of its claims. */
async function servedAgain(namespace: SpecNamespace, set: SetHandle): Promise<void> {
  await namespace.cluster.client.patch(set.ref, { type: 'merge', change: { spec: { minReadySeconds: 1 } } });
  await eventually(set as unknown as Handle, `${set} to be served by its controller again`, (store) => {
    const { metadata, status } = store.get(set.ref) ?? {};
    return status?.observedGeneration === metadata?.generation;
  });
}

/**
 * Waits until the claim is gone and its volume Released; or proves that it stays Bound although `former`, which is gone,
 * might have taken it along: it has no owner, and the garbage collector has removed another claim whose owner `former`
 * was.
 */
async function meets(
  namespace: SpecNamespace,
  { claim, volume }: { claim: ClaimHandle; volume: VolumeHandle },
  fate: Fate,
  former: PodHandle | SetHandle,
): Promise<void> {
  if (fate === 'Delete') {
    await expect(claim).to.beGone();
    await expect(volume).to.reachPhase('Released');
    return;
  }
  const { kind, name } = former.ref;
  const uid = former.store.history(former.ref as PodHandle['ref']).at(-1)?.object.metadata.uid ?? '';
  const witness = await namespace.claim(`witness-${kind}-${claim.name}`.toLowerCase(), {
    change: ({ metadata }) => {
      metadata.ownerReferences = [{ apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1', kind, name, uid }];
    },
  });
  await expect(witness).to.beGone();
  await namespace.cluster.store.confirm({ signal: namespace.signal });
  // A claim that the set would take along when it is deleted has the set for its owner until then.
  const owners = (claim.now.metadata.ownerReferences ?? []).filter((owner) => owner.uid === uid);
  expect(owners, `${claim} is not owned by ${former}`).to.deep.equal([]);
  expect(claim.now.metadata.deletionTimestamp, `${claim} is not being deleted`).to.equal(undefined);
  expect([claim, volume].map(({ now }) => now.status?.phase)).to.deep.equal(['Bound', 'Bound']);
}
