import { expect } from 'chai';
import { nowhere, said, scheduledTo } from '../harness/binding.ts';
import { storageVocabulary } from '../harness/expectations.ts';
import { localClaim, localClass, localVolume, podWith } from '../harness/parts.ts';
import { Scene } from '../harness/scene.ts';
import { evidence } from '../runner/evidence.ts';
import { readChapter } from '../runner/requirement.ts';
import { matchingRules, preBoundMismatches } from './binding-rules.ts';

storageVocabulary();
const { chapter, proves } = readChapter('binding');

describe(chapter, () => {
  proves('LV-BIND-16', async () => {
    await using scene = await Scene.open();
    await localClass(scene, 'Immediate');
    const at = { node: 'node2', path: nowhere };
    const big = await localVolume(scene, 'big', { ...at, storage: '3Gi' });
    const small = await localVolume(scene, 'small', { ...at, storage: '1Gi' });
    const middle = await localVolume(scene, 'middle', { ...at, storage: '2Gi' });
    const first = await localClaim(scene, 'first', { storage: '1536Mi' });
    await expect(first).to.bindTo(middle);
    const second = await localClaim(scene, 'second', { storage: '1536Mi' });
    await expect(second).to.bindTo(big);
    expect(first.now.status?.capacity, 'the whole volume, not what was asked for').to.deep.equal({ storage: '2Gi' });
    expect(second.now.status?.capacity).to.deep.equal({ storage: '3Gi' });
    const third = await localClaim(scene, 'third', { storage: '1536Mi' });
    await expect(third).to.reportEvent('ProvisioningFailed', said.noProvisioner);
    expect(small.now.status?.phase).to.equal('Available');
  });

  proves('LV-BIND-17', async () => {
    await using scene = await Scene.open();
    await localClass(scene);
    const at = { node: 'node2', path: nowhere };
    const big = await localVolume(scene, 'big', { ...at, storage: '5Gi' });
    const middle = await localVolume(scene, 'middle', { ...at, storage: '3Gi' });
    const small = await localVolume(scene, 'small', { ...at, storage: '1Gi' });
    const wantsMuch = await localClaim(scene, 'wants-much', { storage: '3Gi' });
    const wantsLess = await localClaim(scene, 'wants-less', { storage: '2Gi' });
    // Served as the pod names them, the first would take the volume of 3Gi and leave 5Gi to the second.
    const pod = await podWith(scene, 'consumer', [wantsMuch, wantsLess]);
    await scheduledTo(pod, 'node2');
    await expect(wantsLess).to.bindTo(middle);
    await expect(wantsMuch).to.bindTo(big);
    expect(small.now.status?.phase).to.equal('Available');
  });

  for (const { id, breaks, afterwards, asks, fits } of matchingRules) {
    proves(id, async () => {
      await using scene = await Scene.open();
      await localClass(scene, 'Immediate');
      const at = { node: 'node2', path: nowhere };
      const decoy = await localVolume(scene, 'decoy', at, breaks);
      await using _decoyHeld = await afterwards?.(scene, decoy, { volume: 'decoy', storageClass: 'local-storage' });
      const fitting = await localVolume(scene, 'fitting', { ...at, storage: '2Gi' }, fits);
      const claim = await localClaim(scene, 'claim', {}, asks);
      await expect(claim).to.bindTo(fitting);
      const late = await localClaim(scene, 'late', {}, asks);
      await expect(late).to.reportEvent('ProvisioningFailed', said.noProvisioner);
      expect(late.now.status?.phase).to.equal('Pending');

      // The scheduler has a search of its own.
      await localClass(scene, 'WaitForFirstConsumer', ({ metadata }) => {
        metadata.name = 'patient';
      });
      const other = await localVolume(scene, 'other-decoy', at, (manifest) => {
        manifest.spec.storageClassName = 'patient';
        breaks?.(manifest);
      });
      await using _otherHeld = await afterwards?.(scene, other, { volume: 'other-decoy', storageClass: 'patient' });
      const waiting = await localClaim(scene, 'waiting', {}, (manifest) => {
        manifest.spec.storageClassName = 'patient';
        asks?.(manifest);
      });
      const pod = await podWith(scene, 'consumer', [waiting]);
      evidence.keep('scheduler', await expect(pod).to.beUnschedulable([said.noVolumeFits(3)]));
      expect(waiting.now.status?.phase).to.equal('Pending');
      const ours = [claim, late, waiting].map(({ now }) => now.metadata.uid);
      for (const volume of [decoy, other])
        expect(ours, `${volume} went to nobody`).not.to.include(volume.now.spec?.claimRef?.uid);
    });
  }

  for (const { id, why, breaks, afterwards } of preBoundMismatches) {
    proves(id, async () => {
      await using scene = await Scene.open();
      await localClass(scene, 'Immediate');
      const volume = await localVolume(scene, 'volume', { node: 'node2', path: nowhere }, breaks);
      await using _held = await afterwards?.(scene, volume);
      const claim = await localClaim(scene, 'claim', { volume: 'volume' });
      const text = `Cannot bind to requested volume "${volume.name}": ${why(volume.name)}`;
      evidence.keep('event', await expect(claim).to.reportEvent('VolumeMismatch', text));
      expect(claim.now.status?.phase).to.equal('Pending');
      expect(volume.now.spec?.claimRef, 'it is bound to nobody').to.equal(undefined);
    });
  }

  proves('LV-BIND-36', async () => {
    await using scene = await Scene.open();
    await localClass(scene, 'Immediate');
    const volume = await localVolume(scene, 'volume', { node: 'node2', path: nowhere }, ({ metadata }) => {
      metadata.labels = { ...metadata.labels, disk: 'slow' };
    });
    const claim = await localClaim(scene, 'claim', { volume: 'volume' }, ({ spec }) => {
      spec.selector = { matchLabels: { disk: 'fast' } };
    });
    await expect(claim).to.bindTo(volume);
  });
});
