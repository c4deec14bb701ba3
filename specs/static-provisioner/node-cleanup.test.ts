import { expect } from 'chai';
import type { ClusterClient } from '../../clusters/api/client.ts';
import { ManualClock, settle } from '../../clusters/api/manual-clock.ts';
import { ObjectHistory } from '../../clusters/api/object-history.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../clusters/api/objects.ts';
import { areBound, isStale, mayGo, NodeCleanup, nodeOf } from './node-cleanup.ts';

const stored = (kind: string, name: string, namespace?: string) => ({
  apiVersion: 'v1',
  kind,
  metadata: {
    name,
    uid: `uid-of-${name}`,
    resourceVersion: '1',
    creationTimestamp: '2026-11-23T12:00:00Z',
    ...(namespace && { namespace }),
  },
});

const volume: PersistentVolume = {
  ...stored('PersistentVolume', 'pv'),
  spec: {
    storageClassName: 'fast',
    local: { path: '/mnt/fast/a' },
    claimRef: { name: 'claim', namespace: 'demo', uid: 'uid-of-claim' },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['node4'] }] },
        ],
      },
    },
  },
  status: { phase: 'Bound' },
};
const claim: PersistentVolumeClaim = {
  ...stored('PersistentVolumeClaim', 'claim', 'demo'),
  spec: { volumeName: 'pv' },
};
const node: Node = stored('Node', 'node4');

/** A cluster in which node4 is gone; it notes what is written to it. */
function cluster() {
  const clock = new ManualClock();
  const store = new ObjectHistory(clock);
  const written: string[] = [];
  const client = {
    create: async (object: { kind: string; reason?: string }) => written.push(`${object.kind} ${object.reason}`),
    remove: async (ref: { kind: string; name: string }, { uid }: { uid?: string }) =>
      written.push(`removed ${ref.kind} ${ref.name} ${uid}`),
  } as unknown as ClusterClient;
  store.record('PersistentVolume', { type: 'ADDED', observed: 'list', object: volume });
  store.record('PersistentVolumeClaim', { type: 'ADDED', observed: 'list', object: claim });
  const cleanup = new NodeCleanup({ client, store, storageClasses: ['fast'], delay: 1000 });
  return { clock, store, written, cleanup };
}

describe('the clean-up after a deleted node', () => {
  it('warns once, and removes the claim when the delay is over', async () => {
    const { clock, written, cleanup } = cluster();
    await cleanup.look();
    await cleanup.look();
    await clock.advance(999);
    expect(written).to.deep.equal(['Event ReferencedNodeDeleted']);
    await clock.advance(1);
    await settle();
    expect(written).to.deep.equal(['Event ReferencedNodeDeleted', 'removed PersistentVolumeClaim claim uid-of-claim']);
  });

  it('leaves the claim alone when the node is back by then', async () => {
    const { clock, store, written, cleanup } = cluster();
    await cleanup.look();
    store.record('Node', { type: 'ADDED', observed: 'watch', object: node });
    await clock.advance(1000);
    await settle();
    expect(written).to.deep.equal(['Event ReferencedNodeDeleted']);
  });

  it('leaves alone a claim that has taken the name', async () => {
    const { clock, store, written, cleanup } = cluster();
    await cleanup.look();
    const successor = { ...claim, metadata: { ...claim.metadata, uid: 'another' } };
    store.record('PersistentVolumeClaim', { type: 'ADDED', observed: 'watch', object: successor });
    await clock.advance(1000);
    await settle();
    expect(written).to.deep.equal(['Event ReferencedNodeDeleted']);
  });

  it('calls off what is still to come at its end', async () => {
    const { clock, written, cleanup } = cluster();
    await cleanup.look();
    await cleanup[Symbol.asyncDispose]();
    await clock.advance(5000);
    expect(written).to.deep.equal(['Event ReferencedNodeDeleted']);
    expect(clock.pending).to.equal(0);
  });
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

const nodeCalled = (name: string, hostname = name): Node => {
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
    expect(isStale(volumeOf('gone'), ['fast'], [nodeCalled('node2')])).to.equal(true);
    expect(isStale(volumeOf('gone'), ['slow'], [nodeCalled('node2')])).to.equal(false);
    expect(isStale(volumeOf('node2'), ['fast'], [nodeCalled('node2')])).to.equal(false);
    expect(isStale(volumeOf('host2'), ['fast'], [nodeCalled('node2', 'host2')])).to.equal(false);
  });

  it('may be removed when it was never used, or when it is Released with the policy Delete', () => {
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
