import {
  absentPath,
  evidence,
  expect,
  firstNode,
  hostnameOf,
  type ManifestOf,
  preferNode,
  type ReasonCounts,
  readChapter,
  reasons,
  requirePods,
  SpecNamespace,
  scheduledTo,
  thirdNode,
} from '../harness/index.ts';
import { cpuBeyond } from './pod-requirements.ts';

const { chapter, proves } = readChapter('scheduling');

type PodSpec = ManifestOf<'Pod'>['spec'];

interface Obstacle {
  /** Whether it needs a pod, labelled `app: resident`, to be on node1 before. */
  resident: boolean;
  /** What the pod asks for, so that it can run on node3 but not on node1. */
  demand(spec: PodSpec, cpu: string): void;
  /** Whether it asks for CPU: then `cpu` is more than node1 has left. */
  cpu?: true;
  /** What the scheduler says of it while its claim is bound to a volume of node1. */
  tally: ReasonCounts;
}

/** Why the node that a pod prefers is not the node for it. */
const obstacles: Record<string, Obstacle> = {
  'LV-SCHED-20': {
    resident: false,
    cpu: true,
    demand(spec, cpu) {
      for (const container of spec.containers) container.resources = { requests: { cpu } };
    },
    tally: { [reasons.cpu]: 1, [reasons.volumeAffinity]: 2 },
  },
  'LV-SCHED-21': {
    resident: false,
    demand(spec) {
      spec.nodeSelector = { 'kubernetes.io/hostname': hostnameOf(thirdNode()) };
    },
    tally: { [reasons.podAffinity]: 2, [reasons.volumeAffinity]: 1 },
  },
  'LV-SCHED-22': {
    resident: true,
    demand(spec) {
      spec.topologySpreadConstraints = [
        {
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'resident' } },
        },
      ];
    },
    tally: { [reasons.spread]: 1, [reasons.volumeAffinity]: 2 },
  },
  'LV-SCHED-23': {
    resident: true,
    demand: (spec) => requirePods(spec, 'podAntiAffinity', { app: 'resident' }),
    tally: { [reasons.antiAffinity]: 1, [reasons.volumeAffinity]: 2 },
  },
};

describe(chapter, () => {
  for (const [id, { resident, demand, tally, cpu: full }] of Object.entries(obstacles)) {
    proves(id, async () => {
      await using namespace = await SpecNamespace.open();
      const cpu = full ? await cpuBeyond(firstNode()) : '';
      await namespace.storageClass();
      if (resident) {
        const pair = await namespace.boundVolume('resident', { node: firstNode(), path: absentPath });
        const pod = await namespace.pod('resident', { claims: [pair.claim], labels: { app: 'resident' } });
        await scheduledTo(pod, firstNode());
      }
      await namespace.storageClass('Immediate', { name: 'at-once' });
      for (const name of ['patient', 'control']) await namespace.storageClass('WaitForFirstConsumer', { name });
      /** A claim of a class, its pod, and a volume on each of two nodes; the pod prefers node1. */
      const meet = async (className: string, sizes: { node1: string; node3: string }, change = demand) => {
        const inClass = ({ spec }: { spec: { storageClassName?: string } }) => {
          spec.storageClassName = className;
        };
        const volume = (node: string, storage: string) =>
          namespace.volume(`${className}-${node}`, { node, path: absentPath, storage, change: inClass });
        // The scheduler learns of volumes in their order, and of pods on their own: a pod that may choose finds the
        // volume of node1, also where the scheduler does not know of the other yet.
        const onNode1 = await volume(firstNode(), sizes.node1);
        const onNode3 = await volume(thirdNode(), sizes.node3);
        const claim = await namespace.claim(className, { change: inClass });
        if (className === 'at-once') await expect(claim).to.bindTo(onNode1);
        const pod = await namespace.pod(className, {
          claims: [claim],
          labels: { app: 'resident' },
          change: ({ spec }) => {
            preferNode(spec, firstNode());
            change(spec, cpu);
          },
        });
        return { onNode1, onNode3, claim, pod };
      };

      // Immediate takes the smallest volume, whatever its node.
      const trapped = await meet('at-once', { node1: '1Gi', node3: '2Gi' });
      evidence.keep('scheduler-message', await expect(trapped.pod).to.beUnschedulable(tally));
      // Without the obstacle the pod goes to node1: it prefers that node, and the volume there is used least.
      const attractive = { node1: '100Gi', node3: '1Gi' };
      const control = await meet('control', attractive, () => {});
      await scheduledTo(control.pod, firstNode());
      await expect(control.claim).to.bindTo(control.onNode1);
      const { pod, claim, onNode1, onNode3 } = await meet('patient', attractive);
      await scheduledTo(pod, thirdNode());
      await expect(claim).to.bindTo(onNode3);
      expect(onNode1.now.status?.phase, 'the volume of node1 is left').to.equal('Available');
      expect(trapped.pod.now.spec?.nodeName, 'the pod of the bound volume still waits').to.equal(undefined);
      expect(trapped.claim.now.spec?.volumeName).to.equal(trapped.onNode1.name);
    });
  }
});
