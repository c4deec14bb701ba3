import {
  absentPath,
  type ClaimHandle,
  consistently,
  eventually,
  expect,
  readChapter,
  SpecNamespace,
  scheduledNode,
  together,
  type VolumeHandle,
} from '../harness/index.ts';
import { localSet, member, scale } from './stateful-sets.ts';

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
        ['a', 'b'].map((name) => namespace.volume(name, { node: 'node2', path: absentPath })),
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
      await meets(scaled, policy.whenScaled);
      expect(kept.claim.now.status?.phase, 'the claim of the pod that stays').to.equal('Bound');

      await namespace.remove(set);
      await expect(members[0].pod).to.beGone();
      await meets(kept, policy.whenDeleted);
      // The claim that outlived the scaling is the set's all the same.
      if (policy.whenScaled === 'Retain') await meets(scaled, policy.whenDeleted);
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

/** The claim goes and its volume is Released; or, its pod being gone, it is left alone and stays Bound. */
async function meets({ claim, volume }: { claim: ClaimHandle; volume: VolumeHandle }, fate: Fate): Promise<void> {
  if (fate === 'Delete') {
    await expect(claim).to.beGone();
    await expect(volume).to.reachPhase('Released');
    return;
  }
  await consistently(claim.store, {
    what: `${claim} stays Bound`,
    on: [claim.ref, volume.ref],
    window: 1500,
    unless: (store) =>
      store.get(claim.ref)?.metadata.deletionTimestamp !== undefined ||
      store.get(claim.ref)?.status?.phase !== 'Bound' ||
      store.get(volume.ref)?.status?.phase !== 'Bound',
  });
}
