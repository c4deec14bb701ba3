import { expect } from 'chai';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../clusters/api/objects.ts';
import { areBound, isStale, mayGo, nodeOf } from './stale.ts';

const stored = (kind: string, name: string) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, uid: `uid-of-${name}`, resourceVersion: '1', creationTimestamp: '2026-11-23T12:00:00Z' },
});

const volumeOf = (...values: string[]): PersistentVolume => ({
  ...stored('PersistentVolume', 'pv'),
  spec: {
    local: { path: '/mnt/fast/a' },
    storageClassName: 'fast',
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values }] }],
      },
    },
  },
});

const node = (name: string, hostname = name): Node => {
  const made = stored('Node', name);
  return { ...made, metadata: { ...made.metadata, labels: { 'kubernetes.io/hostname': hostname } } };
};

describe('the node of a volume', () => {
  it('is the one hostname that its affinity names', () => {
    expect(nodeOf(volumeOf('node2'))).to.equal('node2');
  });

  it('is not known where the affinity says anything else, or the volume is not local', () => {
    expect(nodeOf(volumeOf('node2', 'node3'))).to.equal(undefined);
    const two = volumeOf('node2');
    two.spec?.nodeAffinity?.required?.nodeSelectorTerms.push({});
    expect(nodeOf(two)).to.equal(undefined);
    const { local: _local, ...spec } = volumeOf('node2').spec ?? {};
    expect(nodeOf({ ...volumeOf('node2'), spec })).to.equal(undefined);
    expect(nodeOf(stored('PersistentVolume', 'pv'))).to.equal(undefined);
  });
});

describe('a stale volume', () => {
  it('is of a named class and of no node that is there, by name or hostname', () => {
    expect(isStale(volumeOf('gone'), ['fast'], [node('node2')])).to.equal(true);
    expect(isStale(volumeOf('gone'), ['slow'], [node('node2')])).to.equal(false);
    expect(isStale(volumeOf('node2'), ['fast'], [node('node2')])).to.equal(false);
    expect(isStale(volumeOf('host2'), ['fast'], [node('node2', 'host2')])).to.equal(false);
  });

  it('may go when nobody has used it, or when it is released and to be deleted', () => {
    const inPhase = (phase: string, persistentVolumeReclaimPolicy: string): PersistentVolume => ({
      ...stored('PersistentVolume', 'pv'),
      spec: { persistentVolumeReclaimPolicy },
      status: { phase },
    });
    expect(mayGo(inPhase('Available', 'Retain'))).to.equal(true);
    expect(mayGo(inPhase('Released', 'Delete'))).to.equal(true);
    expect(mayGo(inPhase('Released', 'Retain'))).to.equal(false);
    expect(mayGo(inPhase('Bound', 'Delete'))).to.equal(false);
  });

  it('is bound to a claim only where each names the other, uid included', () => {
    const volume = volumeOf('gone');
    if (volume.spec) volume.spec.claimRef = { name: 'claim', uid: 'uid-of-claim' };
    const claim: PersistentVolumeClaim = { ...stored('PersistentVolumeClaim', 'claim'), spec: { volumeName: 'pv' } };
    expect(areBound(volume, claim)).to.equal(true);
    expect(areBound(volume, { ...claim, metadata: { ...claim.metadata, uid: 'another' } })).to.equal(false);
    expect(areBound(volume, { ...claim, spec: { volumeName: 'another' } })).to.equal(false);
  });
});
