import {
  absentDisk,
  controllerLookedAgain,
  eventually,
  expect,
  phasesOf,
  readChapter,
  release,
  SpecNamespace,
  together,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('lifecycle');

describe(chapter, () => {
  proves('LV-LIFE-06', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('kept', absentDisk());
    await expect(claim).to.bindTo(volume);
    expect(volume.now.spec?.persistentVolumeReclaimPolicy).to.equal('Retain');
    const { uid, name } = claim.now.metadata;

    await release(namespace, claim, volume);
    await controllerLookedAgain(namespace, volume);
    expect(volume.now.spec?.claimRef).to.include({
      kind: 'PersistentVolumeClaim',
      uid,
      name,
      namespace: namespace.name,
    });
    const phases = phasesOf(volume).filter((phase) => phase !== 'Pending');
    expect(phases).to.deep.equal(['Available', 'Bound', 'Released']);
    expect(volume.now.metadata.deletionTimestamp, 'nothing deletes it').to.equal(undefined);

    await namespace.cluster.client.remove(volume.ref);
    await expect(volume).to.beGone();
  });

  proves('LV-LIFE-07', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('kept', absentDisk());
    await expect(claim).to.bindTo(volume);
    const uid = claim.now.metadata.uid;
    await release(namespace, claim, volume);

    const sameName = await namespace.claim('kept');
    const byVolume = await namespace.claim('asks-by-name', { volume: 'kept' });
    await expect(sameName).to.reportEvent(
      'ProvisioningFailed',
      'no volume plugin matched name: kubernetes.io/no-provisioner',
    );
    await expect(byVolume).to.reportEvent(
      'FailedBinding',
      `volume "${volume.name}" already bound to a different claim.`,
    );
    await controllerLookedAgain(namespace, volume, sameName, byVolume);
    expect(volume.now.status?.phase).to.equal('Released');
    expect(volume.now.spec?.claimRef?.uid).to.equal(uid);
    for (const pending of [sameName, byVolume]) expect(pending.now.status?.phase, `${pending}`).to.equal('Pending');
  });

  proves('LV-LIFE-32', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    // Several at the same time, each claim made again as soon as it is gone: the controller sees some of the new claims
    // before it has released the volume.
    const names = Array.from({ length: 8 }, (_, index) => `kept-${index}`);
    const pairs = await together(
      names.map(async (name) => ({ name, ...(await namespace.boundVolume(name, absentDisk())) })),
    );
    const makeAgain = async ({ name, volume, claim }: (typeof pairs)[number]) => {
      const { uid } = claim.now.metadata;
      await namespace.cluster.client.remove(claim.ref);
      await eventually(claim, `${claim} to be gone`, (store) => store.get(claim.ref)?.metadata.uid !== uid);
      const again = await namespace.claim(name);
      expect(again.now.metadata.uid).not.to.equal(uid);
      return { volume, uid, again };
    };
    const made = await together(pairs.map(makeAgain));
    for (const { volume, again } of made) {
      await expect(volume).to.reachPhase('Released');
      await expect(again).to.reportEvent('ProvisioningFailed');
    }
    await controllerLookedAgain(namespace, ...made.flatMap(({ volume, again }) => [volume, again]));
    for (const { volume, uid, again } of made) {
      expect(volume.now.status?.phase).to.equal('Released');
      expect(volume.now.spec?.claimRef?.uid, 'the volume is still that of the first claim').to.equal(uid);
      expect(again.now.status?.phase).to.equal('Pending');
    }
  });

  proves('LV-LIFE-09', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('kept', absentDisk());
    await expect(claim).to.bindTo(volume);
    await release(namespace, claim, volume);

    await namespace.cluster.client.patch(volume.ref, {
      type: 'json',
      operations: [
        { op: 'remove', path: '/spec/claimRef/uid' },
        { op: 'remove', path: '/spec/claimRef/resourceVersion' },
      ],
    });
    await expect(volume).to.reachPhase('Available');
    const other = await namespace.claim('another');
    await expect(other).to.reportEvent('ProvisioningFailed');
    await controllerLookedAgain(namespace, other, volume);
    expect(other.now.status?.phase, 'the volume is kept for its former claim').to.equal('Pending');

    const again = await namespace.claim('kept');
    await expect(again).to.bindTo(volume);
    await eventually(
      volume,
      `${volume} to have the uid of the new claim`,
      (store) => store.get(volume.ref)?.spec?.claimRef?.uid === again.now.metadata.uid,
    );
    expect(other.now.status?.phase).to.equal('Pending');
  });
});
