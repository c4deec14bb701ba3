import { expect } from 'chai';
import { ManualClock } from '../../clusters/api/manual-clock.ts';
import { ObjectHistory } from '../../clusters/api/object-history.ts';
import type { Kind } from '../../clusters/api/objects.ts';
import { wakeUpsOf } from './wake-ups.ts';

interface Written {
  type?: 'ADDED' | 'MODIFIED' | 'DELETED';
  namespace?: string;
  labels?: Record<string, string>;
  [field: string]: unknown;
}

describe('what woke a pod', () => {
  const pod = { kind: 'Pod', namespace: 'own', name: 'pod' } as const;
  const ours = { 'local-pv-conformance/run': 'r', 'local-pv-conformance/spec': 'LV-SCHED-11' };
  const volumes = [
    { name: 'data', persistentVolumeClaim: { claimName: 'claim' } },
    { name: 'scratch', ephemeral: { volumeClaimTemplate: {} } },
  ];
  let history: ObjectHistory;
  let version: number;

  /** Records a change of an object; each has the next resourceVersion. */
  const write = (kind: Kind, name: string, { type = 'MODIFIED', namespace, labels, ...fields }: Written = {}): void => {
    version += 1;
    const metadata = { name, namespace, labels, uid: `${kind} ${name}`, resourceVersion: String(version) };
    history.record(kind, { type, observed: 'watch', object: { kind, metadata, ...fields } as never });
  };
  const found = () => wakeUpsOf(history, pod).wakeUps.map(({ text, own }) => `${own ? 'own' : 'foreign'} ${text}`);

  const beginAgain = () => {
    history = new ObjectHistory(new ManualClock());
    version = 0;
    write('PersistentVolume', 'early', { type: 'ADDED', labels: ours });
    write('Pod', 'pod', { type: 'ADDED', namespace: 'own', labels: ours, spec: { volumes } });
  };
  beforeEach(beginAgain);

  const scheduled = () => write('Pod', 'pod', { namespace: 'own', labels: ours, spec: { volumes, nodeName: 'node2' } });

  it('is every change of a volume or class, from its creation until it had a node', () => {
    write('PersistentVolume', 'early', { labels: ours });
    write('StorageClass', 'another', { type: 'ADDED' });
    write('PersistentVolume', 'another', { type: 'DELETED' });
    scheduled();
    write('PersistentVolume', 'late', { type: 'ADDED' });
    expect(found()).to.deep.equal([
      'own PersistentVolume early: MODIFIED, resourceVersion 3',
      'foreign StorageClass another: ADDED, resourceVersion 4',
    ]);
  });

  it('is nothing after a volume is reserved for a claim that waits for the pod', () => {
    const reserve = (volumeBindingMode: string) => {
      write('StorageClass', 'class', { type: 'ADDED', volumeBindingMode });
      write('PersistentVolumeClaim', 'claim', { namespace: 'own', spec: { storageClassName: 'class' } });
      write('PersistentVolume', 'early', { labels: ours, spec: { claimRef: { uid: 'PersistentVolumeClaim claim' } } });
      write('PersistentVolume', 'another', { type: 'ADDED' });
      scheduled();
      return found().filter((text) => text.includes('PersistentVolume '));
    };
    const reservation = 'own PersistentVolume early: MODIFIED, resourceVersion 5';
    const after = 'foreign PersistentVolume another: ADDED, resourceVersion 6';
    expect(reserve('Immediate')).to.deep.equal([reservation, after]);
    beginAgain();
    expect(reserve('WaitForFirstConsumer')).to.deep.equal([reservation]);
  });

  it('is a change of one of its claims only, also of one that its name makes', () => {
    for (const name of ['claim', 'pod-scratch', 'other']) write('PersistentVolumeClaim', name, { namespace: 'own' });
    write('PersistentVolumeClaim', 'claim', { namespace: 'another' });
    scheduled();
    expect(found()).to.deep.equal([
      'own PersistentVolumeClaim own/claim: MODIFIED, resourceVersion 3',
      'own PersistentVolumeClaim own/pod-scratch: MODIFIED, resourceVersion 4',
    ]);
  });

  it('is what plugins look at in a node, not its heartbeat', () => {
    const beat = { status: { conditions: [{ type: 'Ready', lastHeartbeatTime: 'now' }] } };
    write('Node', 'node2', { type: 'ADDED' });
    write('Node', 'node2', beat);
    write('Node', 'node2', { ...beat, labels: { rack: 'r7' } });
    write('Node', 'node2', { ...beat, labels: { rack: 'r7' }, spec: { unschedulable: true } });
    scheduled();
    expect(found()).to.deep.equal([
      'foreign Node node2: ADDED, resourceVersion 3',
      'foreign Node node2: MODIFIED, resourceVersion 5',
      'foreign Node node2: MODIFIED, resourceVersion 6',
    ]);
  });

  it('is the end of a pod on a node that used the same claim', () => {
    const other = { type: 'DELETED', namespace: 'own' } as const;
    write('Pod', 'waiting', { ...other, spec: { volumes } });
    write('Pod', 'apart', { ...other, spec: { nodeName: 'node1' } });
    write('Pod', 'holder', { ...other, spec: { volumes, nodeName: 'node1' } });
    scheduled();
    expect(found()).to.deep.equal(['own Pod own/holder: DELETED, resourceVersion 5']);
  });

  it('is not asked of a pod without a node', () => {
    expect(() => wakeUpsOf(history, pod)).to.throw('it has no node');
  });
});
