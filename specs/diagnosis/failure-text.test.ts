import { expect } from 'chai';
import type { ObjectRef } from '../../clusters/api/kinds.ts';
import { ManualClock } from '../../clusters/api/manual-clock.ts';
import type { ObjectHistory } from '../../clusters/api/object-history.ts';
import { parseMountinfo } from '../../clusters/nodes/mountinfo.ts';
import { diagnoseFailure, type NamespaceFacts, type NodeSaid, nodesOf } from './failure-text.ts';
import { claim, event, pod, storageClass, storeOf, threeNodes, volume } from './scenario-objects.ts';

const podRef: ObjectRef = { kind: 'Pod', namespace: 'demo', name: 'example-pod' };
const claimRef: ObjectRef = { kind: 'PersistentVolumeClaim', namespace: 'demo', name: 'example-local-claim' };
const at = new Date('2026-11-23T12:00:00Z');
const missing =
  'MountVolume.NewMounter initialization failed for volume "example-pv-a" : path "/mnt/disks/volA" does not exist';
const said = (text: string, seconds: number): { at: Date; origin: string; text: string } => ({
  at: new Date(at.getTime() + seconds * 1000),
  origin: 'reconciler_common.go:225',
  text,
});

const failureText = (...of: Parameters<typeof diagnoseFailure>): string => diagnoseFailure(...of).text;

/** The scenario with a pod on node2 that waits for its volume's path. */
function stuck(): ObjectHistory {
  const placed = pod({ nodeName: 'node2' });
  return storeOf(
    new ManualClock(),
    ...threeNodes(),
    storageClass('local-storage', 'WaitForFirstConsumer'),
    volume('example-pv-a', { on: { key: 'diskType', values: ['ssd'] }, claim: 'demo/example-local-claim' }),
    claim('example-local-claim', 'local-storage', 'example-pv-a'),
    placed,
    event(placed, 58, 'Warning', 'FailedMount', missing, 6),
    event(placed, 30, 'Normal', 'Scheduled', 'Successfully assigned demo/example-pod to node2'),
  );
}

const node2: NodeSaid = {
  name: 'node2',
  disks: '/mnt/disks',
  kubelet: {
    read: [
      said('"MountVolume started for volume \\"example-pv-a\\"" pod="demo/example-pod"', -2),
      said('"MountVolume started for volume \\"example-pv-ab\\""', -1.9),
      said('"SyncLoop UPDATE" pods=["other/example-pod"]', -1.5),
      said('"example-pv-a" after the end', 1),
    ],
  },
  storage: {
    read: {
      mounts: parseMountinfo(`24 1 254:0 / / rw shared:1 - ext4 /dev/vda rw
60 24 7:2 / /mnt/disks/volB rw,relatime shared:30 - ext4 /dev/loop2 rw
61 24 7:9 / /var/lib/kubelet/pods/uid-example-pod/volumes/x rw - ext4 /dev/loop9 rw
62 24 7:8 / /var/lib/kubelet/pods/other/volumes/x rw - ext4 /dev/loop8 rw`),
      loops: [
        { path: '/dev/loop2', backingFile: '/srv/vol-b.img' },
        { path: '/dev/loop8', backingFile: '/srv/other.img' },
      ],
    },
  },
};

function namespace(
  view: ObjectHistory,
  nodes: readonly NodeSaid[] = [],
  own: ObjectRef[] = [claimRef, podRef],
): NamespaceFacts {
  return { namespace: 'demo', opened: new Date(at.getTime() - 31_000), at, view, own, nodes };
}

describe('the text of a failure', () => {
  it('is the essence first, then changes, events, the cluster’s view, kubelet and the mounts', () => {
    const { essence, text } = diagnoseFailure([namespace(stuck(), [node2])], 'expected false to be true');
    const [first, ...blocks] = text.split('\n\n');
    expect(first).to.equal(essence);
    expect(essence).to.equal(`\
Pod demo/example-pod: Pending on node2, not Ready
So: the path /mnt/disks/volA of example-pv-a does not exist on node2: mount the disk there. kubelet tries
    again by itself, at longest after 2 min 2 s.`);
    expect(blocks.map((block) => block.split('\n')[0])).to.deep.equal([
      'The last changes of each object: time, resourceVersion, state (namespace demo, at 12:00:00.000 UTC, before its objects were removed)',
      'Events of these objects, in order',
      'The cluster seen from Pod demo/example-pod',
      'kubelet of node2 about them, 11:59:29.000 to 12:00:00.000 UTC',
      'Mounts of node2 under /mnt/disks and of the pods, and loop devices under them',
    ]);
    const [changes = '', events, , kubelet, mounts] = blocks;
    // Its volume is kin, though the spec has not made it.
    expect(changes).to.match(
      /Pod demo[\s\S]*PersistentVolumeClaim demo[\s\S]*PersistentVolume example-pv-a\n {2}12:00:00/,
    );
    expect(events?.split('\n')[1]).to.match(/^ {2}11:59:30\.000 .* Pod demo\/example-pod {2}Normal Scheduled: /);
    expect(events?.split('\n')[2]).to.include(`Warning FailedMount ×6: ${missing}`);
    expect(kubelet?.split('\n').slice(1)).to.deep.equal([
      '  11:59:58.000  reconciler_common.go:225  "MountVolume started for volume \\"example-pv-a\\"" pod="demo/example-pod"',
    ]);
    expect(mounts?.replace(/ +/g, ' ').split('\n').slice(1)).to.deep.equal([
      ' /mnt/disks/volB 7:2 / ext4 /dev/loop2 rw,relatime',
      ' /var/lib/kubelet/pods/uid-example-pod/volumes/x 7:9 / ext4 /dev/loop9 rw',
      ' /dev/loop2 /srv/vol-b.img',
    ]);
  });

  it('is about the object that the message names, and not one whose name begins alike', () => {
    const view = stuck();
    const other = { ...claim('example', 'local-storage'), status: { phase: 'Pending' } };
    view.record('PersistentVolumeClaim', { type: 'ADDED', observed: 'watch', object: other });
    const own: ObjectRef[] = [podRef, { ...claimRef, name: 'example' }];
    const essenceFor = (seen: string) => diagnoseFailure([namespace(view, [], own)], seen).essence.split('\n')[0];
    expect(essenceFor('PersistentVolumeClaim demo/example is odd')).to.equal(
      'PersistentVolumeClaim demo/example: Pending',
    );
    expect(essenceFor('PersistentVolumeClaim demo/example-local-claim is odd')).to.match(/^Pod/);
  });

  it('has the last eight changes of an object, its deletion too', async () => {
    const clock = new ManualClock();
    const view = storeOf(clock);
    const object = claim('example-local-claim', 'local-storage');
    for (const version of Array.from({ length: 11 }, (_, index) => 200 + index)) {
      await clock.advance(1000);
      const metadata = { ...object.metadata, resourceVersion: String(version) };
      const type = version === 210 ? 'DELETED' : 'MODIFIED';
      view.record('PersistentVolumeClaim', { type, observed: 'watch', object: { ...object, metadata } });
    }
    const text = failureText([namespace(view, [], [claimRef])], '');
    expect(text).to.match(
      /claim\n {2}\(3 earlier changes\)\n {2}12:00:04\.000 {2}203 {2}Pending\n[\s\S]* {2}12:00:11\.000 {2}210 {2}deleted, was Pending\n/,
    );
    expect(text).to.include('kubelet and mounts: no pod of the namespace was on a node');
  });

  it('says what could not be read, in its place', () => {
    const unread = { unread: 'running a command on node2:\n  no end within 4 s' };
    const text = failureText(
      [namespace(stuck(), [{ name: 'node2', disks: '/mnt/disks', kubelet: unread, storage: unread }])],
      '',
    );
    expect(text.split('could not be read: running a command on node2: no end within 4 s')).to.have.length(3);
    expect(text).to.include('So: the path');
  });

  it('knows the nodes where pods were, also of a pod that is gone', () => {
    const view = stuck();
    view.record('Pod', { type: 'DELETED', observed: 'watch', object: pod({ nodeName: 'node3' }) });
    expect(nodesOf(view, [podRef])).to.deep.equal(['node2', 'node3']);
  });

  it('has no secrets that pods, events and logs tell', () => {
    const key = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIPlanted1 and\nmore planted2\n-----END EC PRIVATE KEY-----';
    const placed = pod({ nodeName: 'node2' }, {});
    placed.metadata.annotations = { note: 'Bearer planted3.annotation' };
    const [container] = placed.spec?.containers ?? [];
    if (container) container.env = [{ name: 'T', value: 'Bearer planted4.environment' }];
    const note = `went wrong: ${key} and kind: Secret\ndata:\n  ca: planted5x\nmetadata: {}`;
    placed.status = {
      ...placed.status,
      conditions: [{ type: 'Ready', status: 'False', reason: 'X', message: `the ${'long '.repeat(17)}${key}` }],
    };
    const view = storeOf(
      new ManualClock(),
      ...threeNodes(),
      claim('example-local-claim', 'local-storage'),
      placed,
      event(placed, 40, 'Warning', 'Planted', note),
      event(placed, 41, 'Warning', 'FailedMount', `${'a few words '.repeat(7)}${key}`),
    );
    const kubeconfig = 'example-pod: users: [{user: {client-key-data: cGxhbnRlZDY=, token: planted7}}]';
    const kubelet = {
      read: [said(`demo: ${kubeconfig}`, -1), said(`demo: ${'x'.repeat(990)} Bearer planted8.cut`, -1)],
    };
    const node = { ...node2, kubelet, storage: { unread: `no: Bearer planted9.bearer` } };
    const { essence, text } = diagnoseFailure([namespace(view, [node])], 'x');
    expect(essence).to.not.match(/planted\d|cGxhbnRlZD/i);
    expect(text).to.not.match(/planted\d|cGxhbnRlZD/i);
    expect(text.split('[removed]').length).to.be.greaterThan(7);
    expect(text).to.include('Planted').and.include('could not be read: no: Bearer [removed]');
  });
});
