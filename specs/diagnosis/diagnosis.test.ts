import { expect } from 'chai';
import { ManualClock } from '../../clusters/api/manual-clock.ts';
import type { AnyObject, PersistentVolumeClaim } from '../../clusters/api/objects.ts';
import { diagnose, diagnosisText } from './diagnosis.ts';
import { claim, event, node, pod, storageClass, storeOf, threeNodes, volume } from './scenario-objects.ts';

const podRef = { kind: 'Pod', namespace: 'demo', name: 'example-pod' } as const;
const claimRef = { kind: 'PersistentVolumeClaim', namespace: 'demo', name: 'example-local-claim' } as const;
const onNode3 = { key: 'kubernetes.io/hostname', values: ['node3'] };
const onSsd = { key: 'diskType', values: ['ssd'] };
const ours = 'demo/example-local-claim';

const diagnosisOf = (ref: Parameters<typeof diagnose>[1], ...objects: AnyObject[]): string =>
  diagnosisText(diagnose(storeOf(new ManualClock('2026-11-23T12:00:00Z'), ...objects), ref));

const conclusionOf = (ref: Parameters<typeof diagnose>[1], ...objects: AnyObject[]): string =>
  diagnose(storeOf(new ManualClock('2026-11-23T12:00:00Z'), ...objects), ref).conclusion ?? '';

describe('diagnosis, as a whole', () => {
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
      volume('example-pv-b', { on: onNode3, path: '/mnt/disks/volB', claim: ours }),
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
Nodes           pod asks for                    example-pv-b
  node1  Ready  ✗ kubernetes.io/hostname=node1  ✗ kubernetes.io/hostname=node1
  node2  Ready  ✓                               ✗ kubernetes.io/hostname=node2
  node3  Ready  ✗ kubernetes.io/hostname=node3  ✓
So: claim demo/example-local-claim is bound to example-pv-b, which belongs to node3; the pod must run on
    node2: no node satisfies both. With volumeBindingMode Immediate the claim was bound before the pod was
    known, and this cannot heal: delete the claim, or use WaitForFirstConsumer.`.trimStart(),
    );
  });

  it('explains that no volume fits', () => {
    const refusal =
      "0/3 nodes are available: 1 node(s) didn't find available persistent volumes to bind, 2 node(s) didn't match Pod's node affinity/selector.";
    const refused = pod({ refusal });
    const pending = claim('example-local-claim', 'local-storage');
    const text = diagnosisOf(
      podRef,
      ...threeNodes(),
      storageClass('local-storage', 'WaitForFirstConsumer'),
      volume('example-pv-a', { on: onSsd, claim: 'demo/other' }),
      volume('example-pv-b', { on: onSsd, storage: '512Mi' }),
      volume('example-pv-c', { on: onSsd, storageClassName: '' }),
      volume('example-pv-d', { on: onSsd, storageClassName: 'unrelated' }),
      pending,
      refused,
      event(refused, 30, 'Warning', 'FailedScheduling', refusal),
      event(pending, 30, 'Normal', 'WaitForPodScheduled', 'waiting for pod example-pod to be scheduled', 2),
      event(pending, 29, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding'),
    );
    expect(text).to.equal(
      `
Pod demo/example-pod: Pending, not scheduled, created 31 s ago
  asks for nodeSelector kubernetes.io/hostname=node2
  PodScheduled=False Unschedulable: 0/3 nodes are available: 1 node(s) didn't find available persistent
  volumes to bind, 2 node(s) didn't match Pod's node affinity/selector.
  30 s ago  Warning FailedScheduling: as above
Claim demo/example-local-claim: Pending
  asks for 1Gi ReadWriteOnce Filesystem, class local-storage (WaitForFirstConsumer)
  ✗ volume example-pv-a  1Gi ReadWriteOnce Filesystem    is bound to demo/other
  ✗ volume example-pv-b  512Mi ReadWriteOnce Filesystem  has 512Mi
  31 s ago  Normal WaitForFirstConsumer: waiting for first consumer to be created before binding
  30 s ago  Normal WaitForPodScheduled ×2: waiting for pod example-pod to be scheduled
Nodes           pod asks for
  node1  Ready  ✗ kubernetes.io/hostname=node1, wanted node2
  node2  Ready  ✓
  node3  Ready  ✗ kubernetes.io/hostname=node3, wanted node2
So: no available volume of class local-storage fits claim demo/example-local-claim: wanted 1Gi ReadWriteOnce
    Filesystem; example-pv-a is bound to demo/other; example-pv-b has 512Mi; example-pv-c would fit, but its
    class is none.`.trimStart(),
    );
  });

  it('explains that the path is missing', () => {
    const placed = pod({ nodeName: 'node2' });
    const message =
      'MountVolume.NewMounter initialization failed for volume "example-pv-a" : path "/mnt/disks/volA" does not exist';
    const text = diagnosisOf(
      podRef,
      ...threeNodes(),
      storageClass('local-storage', 'WaitForFirstConsumer'),
      volume('example-pv-a', { on: onSsd, claim: ours }),
      claim('example-local-claim', 'local-storage', 'example-pv-a'),
      placed,
      event(placed, 58, 'Warning', 'FailedMount', message, 6),
      event(placed, 30, 'Normal', 'Scheduled', 'Successfully assigned demo/example-pod to node2'),
    );
    expect(text).to.equal(
      `
Pod demo/example-pod: Pending on node2, not Ready, created 31 s ago
  asks for nodeSelector kubernetes.io/hostname=node2
  Ready=False ContainersNotReady: containers with unready status: [main]
  container main: waiting, ContainerCreating
  30 s ago  Normal Scheduled: Successfully assigned demo/example-pod to node2
  2 s ago  Warning FailedMount ×6: MountVolume.NewMounter initialization failed for volume "example-pv-a" :
           path "/mnt/disks/volA" does not exist
Claim demo/example-local-claim: Bound to example-pv-a
  asks for 1Gi ReadWriteOnce Filesystem, class local-storage (WaitForFirstConsumer)
  no events
Volume example-pv-a: Bound, claim demo/example-local-claim
  offers 1Gi ReadWriteOnce Filesystem, class local-storage, local /mnt/disks/volA
  for nodes with diskType In [ssd]
Nodes           pod asks for                                  example-pv-a
  node1  Ready  ✗ kubernetes.io/hostname=node1, wanted node2  ✓
  node2  Ready  ✓                                             ✓
  node3  Ready  ✗ kubernetes.io/hostname=node3, wanted node2  ✗ no label diskType, wanted In [ssd]
So: the path /mnt/disks/volA of example-pv-a does not exist on node2: mount the disk there. kubelet tries
    again by itself, at longest after 2 min 2 s.`.trimStart(),
    );
  });

  it('explains that the class of a claim is missing', () => {
    const pending = claim('example-local-claim', 'local-storag');
    const text = diagnosisOf(
      claimRef,
      ...threeNodes(),
      storageClass('local-storage', 'WaitForFirstConsumer'),
      volume('example-pv-a', { on: onSsd }),
      pending,
      event(pending, 58, 'Warning', 'ProvisioningFailed', 'storageclass.storage.k8s.io "local-storag" not found', 3),
    );
    expect(text).to.equal(
      `
Claim demo/example-local-claim: Pending
  asks for 1Gi ReadWriteOnce Filesystem, class local-storag: StorageClass local-storag does not exist (treated
           as Immediate)
  no volume of class local-storag exists
  2 s ago  Warning ProvisioningFailed ×3: storageclass.storage.k8s.io "local-storag" not found
  no pod uses it
So: StorageClass local-storag does not exist, so nothing can provision, and there is no volume of class
    local-storag for claim demo/example-local-claim: wanted 1Gi ReadWriteOnce Filesystem; example-pv-a would
    fit, but its class is local-storage.`.trimStart(),
    );
  });

  it('explains a volume: what it offers, who holds it, and which nodes it belongs to', () => {
    const text = diagnosisOf(
      { kind: 'PersistentVolume', name: 'example-pv-a' },
      ...threeNodes(),
      volume('example-pv-a', { on: onSsd, claim: ours, phase: 'Released' }),
    );
    expect(text).to.equal(
      `
Volume example-pv-a: Released, claim demo/example-local-claim
  offers 1Gi ReadWriteOnce Filesystem, class local-storage, local /mnt/disks/volA
  for nodes with diskType In [ssd]
Claim demo/example-local-claim: gone
Nodes           example-pv-a
  node1  Ready  ✓
  node2  Ready  ✓
  node3  Ready  ✗ no label diskType, wanted In [ssd]
So: the claim demo/example-local-claim is gone and the policy is Retain: no other claim gets example-pv-a
    until its claimRef is removed.`.trimStart(),
    );
  });

  it('tells an object that never was from one that is gone, and shows other kinds by state and events', () => {
    expect(diagnosisOf(podRef)).to.contain('Pod demo/example-pod was never seen');
    const store = storeOf(new ManualClock(), ...threeNodes());
    const placed = pod({ nodeName: 'node2' });
    store.record('Pod', { type: 'DELETED', observed: 'watch', object: placed });
    expect(diagnosisText(diagnose(store, podRef))).to.contain(
      'was deleted; its last state: Pending on node2, not Ready',
    );
    expect(diagnosisText(diagnose(store, { kind: 'Node', name: 'node2' }))).to.equal('Node node2: Ready\n  no events');
  });
});

describe('diagnosis, its conclusion', () => {
  const refused = pod({ refusal: '0/3 nodes are available' });
  const waiting = storageClass('local-storage', 'WaitForFirstConsumer');
  const immediate = storageClass('local-storage', 'Immediate');
  const pending = claim('example-local-claim', 'local-storage');

  it('a volume that fits is on another node', () => {
    const volumes = [volume('example-pv-b', { on: onNode3 }), volume('small', { on: onSsd, storage: '1Mi' })];
    expect(conclusionOf(podRef, ...threeNodes(), waiting, pending, refused, ...volumes)).to.equal(
      'for claim demo/example-local-claim only example-pv-b fits, which belongs to node3; the pod must run on node2: ' +
        'no node satisfies both. Add a volume there, or change what the pod asks for.',
    );
  });

  it('two claims hold volumes of different nodes', () => {
    const both = pod(
      { refusal: '0/3 nodes are available' },
      {
        nodeSelector: {},
        volumes: [
          { name: 'a', persistentVolumeClaim: { claimName: 'on-ssd' } },
          { name: 'b', persistentVolumeClaim: { claimName: 'on-three' } },
        ],
      },
    );
    const text = conclusionOf(
      podRef,
      ...threeNodes(),
      waiting,
      both,
      claim('on-ssd', 'local-storage', 'pv-ssd'),
      claim('on-three', 'local-storage', 'pv-three'),
      volume('pv-ssd', { on: onSsd, claim: 'demo/on-ssd' }),
      volume('pv-three', { on: onNode3, claim: 'demo/on-three' }),
    );
    expect(text).to.contain(
      'claim demo/on-three is bound to pv-three, which belongs to node3; its other claims need node1 or node2',
    );
  });

  it('no node has what the pod asks for', () => {
    const nvme = pod({ refusal: 'x' }, { nodeSelector: { diskType: 'nvme' } });
    const fits = volume('example-pv-a', { on: onSsd });
    expect(conclusionOf(podRef, ...threeNodes(), waiting, pending, nvme, fits)).to.contain(
      'no node has what the pod asks for (nodeSelector diskType=nvme)',
    );
  });

  it('the only node is cordoned or tainted, unless the pod tolerates that', () => {
    const fits = volume('example-pv-a', { on: onSsd });
    const taint = { key: 'disk', value: 'slow', effect: 'NoSchedule' };
    const cordoned = node('node2', { diskType: 'ssd' }, { unschedulable: true });
    const tainted = node('node2', { diskType: 'ssd' }, { taints: [taint] });
    expect(conclusionOf(podRef, cordoned, waiting, pending, refused, fits)).to.contain(
      'only node2 (unschedulable) could',
    );
    expect(conclusionOf(podRef, tainted, waiting, pending, refused, fits)).to.contain(
      'only node2 (taint disk=slow:NoSchedule)',
    );
    const tolerant = pod({ refusal: 'x' }, { tolerations: [{ key: 'disk', operator: 'Exists' }] });
    expect(conclusionOf(podRef, tainted, waiting, pending, tolerant, fits)).to.equal('');
  });

  it('no node has the labels that the volume wants', () => {
    const nowhere = volume('example-pv-a', { on: { key: 'rack', values: ['r9'] }, claim: ours });
    const bound = claim('example-local-claim', 'local-storage', 'example-pv-a');
    expect(conclusionOf(podRef, ...threeNodes(), waiting, bound, refused, nowhere)).to.contain(
      'is bound to example-pv-a, which belongs to no node of this cluster: correct the volume',
    );
  });

  it('a claim does not exist, is lost, or names a volume it cannot have', () => {
    const named = (status: string, volumeName: string): PersistentVolumeClaim => ({
      ...claim('example-local-claim', 'local-storage', volumeName),
      status: { phase: status },
    });
    expect(conclusionOf(podRef, ...threeNodes(), refused)).to.equal(`claim ${ours} does not exist: create it.`);
    expect(conclusionOf(claimRef, waiting, named('Lost', 'gone'))).to.contain('lost its volume gone');
    expect(conclusionOf(claimRef, waiting, named('Pending', 'gone'))).to.contain(
      'names the volume gone, which does not exist',
    );
    const taken = volume('example-pv-a', { on: onSsd, claim: 'demo/other' });
    expect(conclusionOf(claimRef, waiting, named('Pending', 'example-pv-a'), taken)).to.contain(
      'names the volume example-pv-a, which is bound to demo/other: name another',
    );
  });

  it('a claim waits for its first consumer, or for the controller to look again', () => {
    const fits = volume('example-pv-a', { on: onSsd });
    expect(conclusionOf(claimRef, ...threeNodes(), waiting, pending, fits)).to.contain(
      'no pod uses claim demo/example-local-claim',
    );
    expect(conclusionOf(claimRef, ...threeNodes(), immediate, pending, fits)).to.contain('looks again every 15 s');
  });

  it('a pod was put on a node without the scheduler', () => {
    const placed = pod({ nodeName: 'node3' });
    const fails = (text: string): string =>
      conclusionOf(
        podRef,
        ...threeNodes(),
        waiting,
        pending,
        placed,
        event(placed, 40, 'Warning', 'FailedMount', text),
      );
    expect(
      fails('MountVolume.NodeAffinity check failed for volume "example-pv-a" : no matching NodeSelectorTerms'),
    ).to.contain('put on node3 without the scheduler (spec.nodeName), and example-pv-a does not belong to node3');
    expect(fails('error processing PVC demo/example-local-claim: PVC is not bound')).to.contain(
      'nothing binds its WaitForFirstConsumer claim',
    );
  });

  it('a deletion is held by a user', () => {
    const bound = claim('example-local-claim', 'local-storage', 'example-pv-a');
    const going = { ...bound, metadata: { ...bound.metadata, deletionTimestamp: '2026-11-23T11:59:50Z' } };
    expect(conclusionOf(claimRef, waiting, going, refused)).to.equal(
      'the deletion of PersistentVolumeClaim example-local-claim is held by kubernetes.io/pvc-protection, ' +
        'because pod example-pod still uses it: delete that first.',
    );
  });
});
