import { expect } from 'chai';
import type { PersistentVolume } from '../../clusters/api/objects.ts';
import { decideReclaim } from './reclaim.ts';

const classes = [{ storageClass: 'fast', directory: '/mnt/fast' }];

const volume = (phase: string, policy: string, path = '/mnt/fast/a', storageClassName = 'fast'): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-11-23T12:00:00Z' },
  spec: { persistentVolumeReclaimPolicy: policy, local: { path }, storageClassName },
  status: { phase },
});

describe('what a provisioner does about a volume', () => {
  it('is nothing while it is not released', () => {
    for (const phase of ['Available', 'Bound', 'Pending', 'Failed'])
      expect(decideReclaim(volume(phase, 'Delete'), classes)).to.deep.equal({ action: 'keep' });
  });

  it('is to clean it when it is released and its policy is Delete', () => {
    expect(decideReclaim(volume('Released', 'Delete'), classes)).to.deep.equal({
      action: 'clean',
      path: '/mnt/fast/a',
    });
  });

  it('is to keep it when its policy is Retain', () => {
    expect(decideReclaim(volume('Released', 'Retain'), classes)).to.deep.equal({ action: 'keep' });
  });

  it('is a warning about policies that it cannot serve', () => {
    expect(decideReclaim(volume('Released', 'Recycle'), classes)).to.include({
      action: 'report',
      reason: 'VolumeUnsupportedReclaimPolicy',
    });
    expect(decideReclaim(volume('Released', 'Compost'), classes)).to.include({
      action: 'report',
      reason: 'VolumeUnknownReclaimPolicy',
    });
  });

  it('is a warning, and no cleaning, for whatever is not an entry of the directory of its class', () => {
    for (const path of ['/', '/mnt/fast', '/mnt/fast/a/b', '/mnt/faster/a', '/etc', '/mnt/fast/../../etc'])
      expect(decideReclaim(volume('Released', 'Delete', path), classes), path).to.include({
        action: 'report',
        reason: 'VolumeFailedDelete',
      });
    expect(decideReclaim(volume('Released', 'Delete', '/mnt/fast/a', 'slow'), classes)).to.include({
      action: 'report',
      message: 'Error cleaning PV "pv": nothing is known of class slow',
    });
  });
});
