import {
  absentPath,
  anotherNode,
  eventually,
  evidence,
  expect,
  firstAndSecondNode,
  firstNode,
  hostnameOf,
  leaseVolume,
  type ManifestOf,
  nodeCount,
  oneNode,
  readChapter,
  reasons,
  requirePods,
  runInPod,
  SpecNamespace,
  scheduledTo,
  secondNode,
  thirdNode,
  threeNodes,
} from '../harness/index.ts';
import { cpuBeyond, requireNodes } from './pod-requirements.ts';

const { chapter, proves } = readChapter('scheduling');

/** The two ways in which a pod names the node that it must have. */
const demands: Record<string, (spec: ManifestOf<'Pod'>['spec']) => void> = {
  'LV-SCHED-01': (spec) => requireNodes(spec, anotherNode()),
  'LV-SCHED-02': (spec) => {
    spec.nodeSelector = { 'kubernetes.io/hostname': hostnameOf(anotherNode()) };
  },
};

const hostname = 'kubernetes.io/hostname';
const controlPlane = 'node-role.kubernetes.io/control-plane';

type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

/** Node affinities that leave one node, by one operator or another. */
const affinities = (): readonly {
  name: string;
  node: string;
  matchExpressions: { key: string; operator: Operator; values?: string[] }[];
}[] => [
  {
    name: 'not-in',
    node: secondNode(),
    matchExpressions: [{ key: hostname, operator: 'NotIn', values: [firstNode(), thirdNode()].map(hostnameOf) }],
  },
  { name: 'exists', node: firstNode(), matchExpressions: [{ key: controlPlane, operator: 'Exists' }] },
  {
    name: 'does-not-exist',
    node: thirdNode(),
    matchExpressions: [
      { key: hostname, operator: 'In', values: [firstNode(), thirdNode()].map(hostnameOf) },
      { key: controlPlane, operator: 'DoesNotExist' },
    ],
  },
];

describe(chapter, () => {
  for (const [id, demand] of Object.entries(demands)) {
    proves(id, async () => {
      await using namespace = await SpecNamespace.open();
      await namespace.storageClass('Immediate');
      const volume = await namespace.volume('on-node2', { node: oneNode(), path: absentPath });
      const claim = await namespace.claim('claim');
      await expect(claim).to.bindTo(volume);
      const pod = await namespace.pod('elsewhere', { claims: [claim], change: ({ spec }) => demand(spec) });
      const message = await expect(pod).to.beUnschedulable({
        [reasons.volumeAffinity]: 1,
        [reasons.podAffinity]: nodeCount() - 1,
      });
      evidence.keep('scheduler-message', message);
      expect(claim.now.spec?.volumeName, 'what is bound stays bound').to.equal(volume.name);
    });
  }

  proves('LV-SCHED-03', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const taken = await namespace.boundVolume('taken', { node: secondNode(), path: absentPath });
    const neighbour = await namespace.pod('neighbour', { claims: [taken.claim], labels: { app: 'neighbour' } });
    await scheduledTo(neighbour, secondNode());
    const own = await namespace.boundVolume('own', { node: secondNode(), path: absentPath });
    const cpu = await cpuBeyond(firstNode());
    const pod = await namespace.pod('nowhere-to-go', {
      claims: [own.claim],
      change: ({ spec }) => {
        requirePods(spec, 'podAntiAffinity', { app: 'neighbour' });
        for (const container of spec.containers) container.resources = { requests: { cpu } };
      },
    });
    const message = await expect(pod).to.beUnschedulable({
      [reasons.cpu]: 1,
      [reasons.volumeAffinity]: 1,
      [reasons.antiAffinity]: 1,
    });
    evidence.keep('scheduler-message', message);
    const sorted = [reasons.cpu, reasons.volumeAffinity, reasons.antiAffinity].map((reason) => `1 ${reason}`);
    expect(message.split('. ')[0]).to.equal(`0/3 nodes are available: ${sorted.join(', ')}`);
  });

  proves('LV-SCHED-04', async () => {
    await using disk = await leaseVolume(oneNode(), 'LOOP', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('on-node2', { node: oneNode(), path: disk.path });
    await expect(claim).to.bindTo(volume);
    const pod = await namespace.pod('misplaced', { claims: [claim], spec: { nodeName: anotherNode() } });
    const message = await expect(pod).to.reportEvent('FailedMount', 'NodeAffinity check failed');
    expect(message).to.equal(
      `MountVolume.NodeAffinity check failed for volume "${volume.name}" : no matching NodeSelectorTerms`,
    );
    evidence.keep('kubelet-message', message);
    expect(await expect(pod).to.waitBecause('ContainerCreating')).to.equal('');
    expect(pod.now.status?.phase).to.equal('Pending');
    expect(pod.now.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status).to.equal('True');
  });

  proves('LV-SCHED-05', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('on-node2', { node: oneNode(), path: absentPath });
    const claim = await namespace.claim('claim');
    const pod = await namespace.pod('unscheduled', { claims: [claim], spec: { nodeName: oneNode() } });
    const message =
      'Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process ' +
      `volumes=[data]: error processing PVC ${namespace.name}/${claim.name}: PVC is not bound`;
    // kubelet's first attempt may say more: the API server lets it read a claim once it knows of the pod.
    await eventually(pod, `an event FailedMount about ${pod} with just "${message}"`, (store) =>
      store.eventsOf(pod.ref).some((event) => event.reason === 'FailedMount' && event.message === message),
    );
    evidence.keep('kubelet-message', message);
    await expect(claim).to.reportEvent(
      'WaitForFirstConsumer',
      'waiting for first consumer to be created before binding',
    );
    expect(claim.now.status?.phase).to.equal('Pending');
    expect(volume.now.status?.phase, 'no claim has reserved it').to.equal('Available');
    expect(volume.now.spec?.claimRef).to.equal(undefined);
  });

  proves('LV-SCHED-06', async () => {
    await using disk = await leaseVolume(oneNode(), 'LOOP', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('also-on-lost-nodes', {
      node: oneNode(),
      path: disk.path,
      volume: {
        change: ({ spec }) => {
          const gone = { key: 'kubernetes.io/hostname', operator: 'In' as const, values: ['gone-1'] };
          const rest = { ...gone, values: ['gone-2', hostnameOf(oneNode())] };
          spec.nodeAffinity = {
            required: { nodeSelectorTerms: [{ matchExpressions: [gone] }, { matchExpressions: [rest] }] },
          };
        },
      },
    });
    const pod = await namespace.pod('pod', { claims: [claim] });
    await expect(pod).to.runOn(oneNode());
    await expect(pod).to.mount(volume, { from: disk });
  });

  proves('LV-SCHED-38', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const nodes = threeNodes();
    for (const { name, node, matchExpressions } of affinities()) {
      const { claim } = await namespace.boundVolume(name, {
        node,
        path: absentPath,
        volume: { spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } } },
      });
      await scheduledTo(await namespace.pod(name, { claims: [claim], node }), node);
      for (const other of nodes.filter((each) => each !== node)) {
        const pod = await namespace.pod(`${name}-${other}`, { claims: [claim], node: other });
        await expect(pod).to.beUnschedulable({ [reasons.volumeAffinity]: 1, [reasons.podAffinity]: nodeCount() - 1 });
      }
    }
  });

  proves('LV-SCHED-07', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    // Either would keep the volume to node2, if it were heard.
    const byField = (name: string, operator: 'In' | 'NotIn', node: string) =>
      namespace.volume(name, {
        node: oneNode(),
        path: absentPath,
        spec: {
          nodeAffinity: {
            required: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator, values: [node] }] }] },
          },
        },
      });
    const bound = await byField('bound', 'In', oneNode());
    const boundClaim = await namespace.claim('bound', { volume: 'bound' });
    await expect(boundClaim).to.bindTo(bound);
    const free = await byField('free', 'NotIn', anotherNode());
    const freeClaim = await namespace.claim('free');

    const pods = [
      await namespace.pod('of-bound', { claims: [boundClaim], node: anotherNode() }),
      await namespace.pod('of-free', { claims: [freeClaim], node: anotherNode() }),
    ];
    for (const pod of pods) {
      await scheduledTo(pod, anotherNode());
      // kubelet's own check of the affinity comes before it looks at the path, and would end the attempt.
      await expect(pod).to.reportEvent('FailedMount', `path "${absentPath}" does not exist`);
    }
    await expect(freeClaim).to.bindTo(free);
  });

  proves('LV-SCHED-08', async () => {
    await using onNode2 = await leaseVolume(oneNode(), 'LOOP', { bytes: 16 * 2 ** 20, at: 'shared' });
    await using onNode3 = await leaseVolume(anotherNode(), 'LOOP', { bytes: 16 * 2 ** 20, at: 'shared' });
    const path = onNode2.path;
    expect(onNode3.path).to.equal(path);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('local', { node: oneNode(), path });
    const byHostPath = (name: string, node: string) => namespace.pod(name, { hostPath: path, node });
    const files = ['find', '/data', '-type', 'f'];

    const first = await byHostPath('host-path', oneNode());
    await expect(first).to.runOn(oneNode());
    await runInPod(first, ['sh', '-c', 'echo of great value >/data/ledger && sync /data/ledger']);
    await namespace.remove(first);
    const moved = await byHostPath('host-path-moved', anotherNode());
    await expect(moved).to.runOn(anotherNode());
    expect(await runInPod(moved, files), 'the pod runs, and its data is not there').to.equal('');

    const local = await namespace.pod('local-moved', { claims: [claim], node: anotherNode() });
    await expect(local).to.beUnschedulable({ [reasons.volumeAffinity]: 1, [reasons.podAffinity]: 'the other nodes' });
    const kept = await namespace.pod('local', { claims: [claim] });
    await expect(kept).to.runOn(oneNode());
    expect(await runInPod(kept, ['cat', '/data/ledger'])).to.equal('of great value\n');
  });

  proves('LV-SCHED-09', async () => {
    await using onNode1 = await leaseVolume(firstNode(), 'LOOP', { bytes: 16 * 2 ** 20, at: 'shared' });
    await using onNode2 = await leaseVolume(secondNode(), 'LOOP', { bytes: 16 * 2 ** 20, at: 'shared' });
    const path = onNode1.path;
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const byType = await namespace.boundVolume('by-disk-type', {
      node: firstNode(),
      path,
      volume: {
        spec: {
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [{ matchExpressions: [firstAndSecondNode()] }],
            },
          },
        },
      },
    });
    const byHostname = await namespace.boundVolume('by-hostname', { node: firstNode(), path });

    const first = await namespace.pod('first', { claims: [byType.claim], node: firstNode() });
    await expect(first).to.runOn(firstNode());
    await expect(first).to.mount(byType.volume, { path: '/data', from: onNode1 });
    await runInPod(first, ['sh', '-c', 'echo disk of node1 >/data/whose && sync /data/whose']);
    await namespace.remove(first);

    // Its node is out of the question for the restarted pod; both volumes are bound, and both name the same path.
    const restarted = (name: string, claim: { name: string }) =>
      namespace.pod(name, { claims: [claim], change: ({ spec }) => requireNodes(spec, secondNode(), thirdNode()) });
    const astray = await restarted('astray', byType.claim);
    await expect(astray).to.runOn(secondNode());
    await expect(astray).to.mount(byType.volume, { path: '/data', from: onNode2 });
    expect(await runInPod(astray, ['find', '/data', '-type', 'f']), 'the disk of another node').to.equal('');
    expect(byType.claim.now.status?.phase, 'and nothing in the API tells').to.equal('Bound');

    const safe = await restarted('safe', byHostname.claim);
    evidence.keep(
      'scheduler-message',
      await expect(safe).to.beUnschedulable({ [reasons.volumeAffinity]: 2, [reasons.podAffinity]: 1 }),
    );
  });
});
