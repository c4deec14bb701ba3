import { expect } from 'chai';
import { ManualClock } from '../../clusters/api/manual-clock.ts';
import type { AnyObject } from '../../clusters/api/objects.ts';
import * as scenario from './diagnosis/scenario-objects.ts';
import { diagnose } from './diagnosis.ts';

const { claim, event, node, pod, storageClass, threeNodes, volume } = scenario;
const podRef = { kind: 'Pod', namespace: 'demo', name: 'example-pod' } as const;
const claimRef = { kind: 'PersistentVolumeClaim', namespace: 'demo', name: 'example-local-claim' } as const;
const onNode3 = { key: 'kubernetes.io/hostname', values: ['node3'] };
const onSsd = { key: 'diskType', values: ['ssd'] };

const diagnosisOf = (ref: Parameters<typeof diagnose>[1], ...objects: AnyObject[]): string =>
  diagnose(scenario.storeOf(new ManualClock('2026-11-23T12:00:00Z'), ...objects), ref);
const conclusionOf = (text: string): string => text.slice(text.indexOf('So: ')).replace(/\s+/g, ' ');

describe('diagnosis', () => {
  it('explains the trap of immediate binding', () => {
    const refusal =
      "0/3 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, 2 node(s) didn't match Pod's node affinity/selector. " +
      'no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.';
    const refused = pod({ refusal });
    const text = diagnosisOf(
      podRef,
      ...threeNodes(),
      storageClass('local-storage', 'Immediate'),
      volume('example-pv-a', { on: onSsd }),
      volume('example-pv-b', { on: onNode3, path: '/mnt/disks/volB', claim: 'demo/example-local-claim' }),
      claim('example-local-claim', 'local-storage', 'example-pv-b'),
      refused,
      event(refused, 31, 'Warning', 'FailedScheduling', refusal, 2),
    );
    expect(text).to.equal(
      `
Pod demo/example-pod: Pending, not scheduled, created 31 s ago
  asks for nodeSelector kubernetes.io/hostname=node2
  PodScheduled=False Unschedulable: 0/3 nodes are available: 1 node(s) didn't match PersistentVolume's node
  affinity, 2 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/3
  nodes are available: 3 Preemption is not helpful for scheduling.
  29 s ago  Warning FailedScheduling ×2: as above
Claim demo/example-local-claim: Bound to example-pv-b
  asks for 1Gi ReadWriteOnce Filesystem, class local-storage (Immediate)
  no events
Volume example-pv-b: Bound, claim demo/example-local-claim
  offers 1Gi ReadWriteOnce Filesystem, class local-storage, local /mnt/disks/volB
  for nodes with kubernetes.io/hostname In [node3]
  no events
Nodes           pod asks for                                 example-pv-b
  node1  Ready  ✗ kubernetes.io/hostname=node1               ✗ kubernetes.io/hostname=node1
`.trim(),
    );
  });
});
