import {
  absentPath,
  evidence,
  expect,
  type ManifestOf,
  type ReasonCounts,
  readChapter,
  reasons,
  requirePods,
  SpecNamespace,
  scheduledTo,
  together,
} from '../harness/index.ts';
import { cpuBeyond } from './pod-requirements.ts';

const { chapter, proves } = readChapter('scheduling');

type PodSpec = ManifestOf<'Pod'>['spec'];

interface Obstacle {
  /** Whether it needs a pod, labelled `app: resident`, to be on node1 before. */
  resident: boolean;
  /** What the pod asks for, so that it can run on node3 but not on node1. `cpu` is more than node1 has left. */
  demand(spec: PodSpec, cpu: string): void;
  /** What the scheduler says of it while its claim is bound to a volume of node1. */
  tally: ReasonCounts;
}

/** Why the node of the volume that fits best is not the node for the pod. */
const obstacles: Record<string, Obstacle> = {
  'LV-SCHED-20': {
    resident: false,
    demand(spec, cpu) {
      for (const container of spec.containers) container.resources = { requests: { cpu } };
    },
    tally: { [reasons.cpu]: 1, [reasons.volumeAffinity]: 2 },
  },
  'LV-SCHED-21': {
    resident: false,
    demand(spec) {
      spec.nodeSelector = { 'kubernetes.io/hostname': 'node3' };
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
  for (const [id, { resident, demand, tally }] of Object.entries(obstacles)) {
    proves(id, async () => {
      await using namespace = await SpecNamespace.open();
      const cpu = await cpuBeyond('node1');
      await namespace.storageClass();
      if (resident) {
        const pair = await namespace.boundVolume('resident', { node: 'node1', path: absentPath });
        const pod = await namespace.pod('resident', { claims: [pair.claim], labels: { app: 'resident' } });
        await scheduledTo(pod, 'node1');
      }
      await namespace.apply('StorageClass', 'local/storage-class.yaml', (manifest) => {
        manifest.metadata.name = 'at-once';
        manifest.volumeBindingMode = 'Immediate';
      });
      /** The same volumes, claim and pod; the class is the only difference. */
      const play = async (className: 'at-once' | 'local-storage') => {
        const inClass = ({ spec }: { spec: { storageClassName?: string } }) => {
          spec.storageClassName = className;
        };
        const volume = (node: string, storage: string) =>
          namespace.volume(`${className}-${node}`, { node, path: absentPath, storage, change: inClass });
        const [best, other] = await together([volume('node1', '1Gi'), volume('node3', '2Gi')]);
        const claim = await namespace.claim(className, { change: inClass });
        if (className === 'at-once') await expect(claim).to.bindTo(best);
        const pod = await namespace.pod(className, {
          claims: [claim],
          labels: { app: 'resident' },
          change: ({ spec }) => demand(spec, cpu),
        });
        return { best, other, claim, pod };
      };

      const trapped = await play('at-once');
      evidence.keep('scheduler-message', await expect(trapped.pod).to.beUnschedulable(tally));
      const { pod, claim, best, other } = await play('local-storage');
      await scheduledTo(pod, 'node3');
      await expect(claim).to.bindTo(other);
      expect(best.now.status?.phase, 'the volume that fits best is left').to.equal('Available');
      expect(trapped.pod.now.spec?.nodeName, 'the other pod still waits').to.equal(undefined);
      expect(trapped.claim.now.spec?.volumeName).to.equal(trapped.best.name);
    });
  }
});
