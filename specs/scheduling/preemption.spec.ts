import {
  absentPath,
  type ClaimHandle,
  conditionsSeen,
  eventually,
  evidence,
  expect,
  firstNode,
  hostnameOf,
  type ManifestOf,
  manifests,
  nodeCount,
  type PodHandle,
  readChapter,
  reasons,
  SpecNamespace,
  scheduledTo,
  secondNode,
  thirdNode,
  threeNodes,
  together,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('scheduling');

/** A node has it for one pod: a node is full for pods that ask for it, and for no pod of another spec. */
const port = 41_735;

describe(chapter, () => {
  proves('LV-SCHED-35', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const priorities = { low: -10, high: 1000 };
    for (const [name, value] of Object.entries(priorities))
      await namespace.apply('PriorityClass', manifests.priorityClass, (manifest) => {
        manifest.metadata.name = name;
        manifest.value = value;
      });
    const withPort = (name: string, claims: ClaimHandle[], spec: Partial<ManifestOf<'Pod'>['spec']>) =>
      namespace.pod(name, {
        claims,
        spec,
        change: (manifest) => {
          for (const container of manifest.spec.containers) container.ports = [{ containerPort: port, hostPort: port }];
        },
      });
    // The scheduler would rather preempt on node1, where the pod of the lowest priority is.
    const filler = async (node: string) => {
      const nodeSelector = { 'kubernetes.io/hostname': hostnameOf(node) };
      const pod = await withPort(node, [], { nodeSelector, ...(node === firstNode() && { priorityClassName: 'low' }) });
      await scheduledTo(pod, node);
      return pod;
    };
    const [onNode1, onNode2, onNode3] = await together(threeNodes().map(filler));
    if (!onNode1 || !onNode2 || !onNode3) throw new Error('three pods were to be there');

    const { claim: bound } = await namespace.boundVolume('bound', { node: secondNode(), path: absentPath });
    const equal = await withPort('equal', [bound], {});
    // Ports are looked at before volumes; preemption looks at both.
    const message = await expect(equal).to.beUnschedulable({ [reasons.ports]: nodeCount() });
    evidence.keep('scheduler-message', message);
    const onVolume = await withPort('of-bound', [bound], { priorityClassName: 'high' });
    await preempted(onNode2);
    await scheduledTo(onVolume, secondNode());
    expectLeftAlone(onNode1, onNode3);

    await namespace.volume('free', { node: thirdNode(), path: absentPath });
    const waiting = await withPort('of-waiting', [await namespace.claim('waiting')], { priorityClassName: 'high' });
    await preempted(onNode3);
    await scheduledTo(waiting, thirdNode());
    expectLeftAlone(onNode1);

    // Without a volume that ties it, such a pod preempts on node1.
    const anywhere = await withPort('anywhere', [], { priorityClassName: 'high' });
    await preempted(onNode1);
    await scheduledTo(anywhere, firstNode());
  });
});

/** Waits until the scheduler has preempted a pod, by the pod's own last state: the events may come much later. */
async function preempted(pod: PodHandle): Promise<void> {
  await eventually(pod, `${pod} to be preempted`, (store) =>
    conditionsSeen(store, pod, 'DisruptionTarget').some(({ reason }) => reason === 'PreemptionByScheduler'),
  );
  await expect(pod).to.beGone();
}

function expectLeftAlone(...pods: readonly PodHandle[]): void {
  for (const pod of pods) {
    expect(conditionsSeen(pod.store, pod, 'DisruptionTarget'), `${pod} is left alone`).to.deep.equal([]);
    expect(pod.now.metadata.deletionTimestamp).to.equal(undefined);
  }
}
