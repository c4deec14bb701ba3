/**
 * `npm run bench -- --start [ROUNDS]`: what three nodes of plain kind cost on the same node image, in turns with the
 * cluster of `lpv up`.
 */

import { renderKindConfiguration } from '../../../clusters/configuration/cluster-shape.ts';
import type { KindDocument } from '../../../clusters/configuration/kind-document.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../../clusters/errors/exit-status.ts';
import { readKindStep } from '../../../clusters/host/kind/kind.ts';
import { EngineNode, onNode } from '../../../clusters/nodes/node.ts';
import type { RunEvent } from '../../../specs/runner/events.ts';
import { type Action, performAll, undoAll } from '../../run/actions.ts';
import { type ClusterPlan, planCluster } from '../../run/cluster/plan.ts';
import { ClusterState, type ClusterTarget } from '../../run/cluster/state.ts';
import { clusterSteps } from '../../run/cluster/steps.ts';
import { beginSession } from '../../run/session.ts';
import { type Figure, renderFigures } from './figures.ts';

/** Three nodes without any wish, but that kubelet of 1.35 and later starts on cgroup v1, too. */
const plainDocument: KindDocument = {
  kind: 'Cluster',
  apiVersion: 'kind.x-k8s.io/v1alpha4',
  networking: { apiServerAddress: '127.0.0.1', kubeProxyMode: 'iptables' },
  kubeadmConfigPatches: ['kind: KubeletConfiguration\nfailCgroupV1: false\n'],
  nodes: (['control-plane', 'worker', 'worker'] as const).map((role) => ({
    role,
    labels: {},
    kubeadmConfigPatches: [],
  })),
};

const ways = ['plain kind', 'lpv up'] as const;
type Way = (typeof ways)[number];

/** What `lpv up` does beside creating the cluster: it looks at the machine, waits for the nodes and makes disks. */
const all = 'all of it, nodes Ready';

/** Creates clusters in both ways in turns, and prints how long they and their phases took. */
export async function benchStart([given = '3', ...more]: readonly string[]): Promise<ExitStatus> {
  const rounds = Number(given);
  if (!/^[1-9]\d?$/.test(given) || more.length > 0)
    throw new DomainError(
      { attempted: 'reading the number of rounds', seen: [given, ...more].join(' ') },
      { exit: 'badUsage' },
    );
  const plan = await planCluster({ image: 'auto', kubernetes: undefined, install: false });
  const figures = new Map<string, Figure>();
  for (let round = 0; round < rounds; round++) {
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      const { phases, status } = await createOnce(way, plan);
      if (status !== 'conforms') return status;
      for (const [phase, seconds] of phases) {
        const what = `${way}: ${phase}`;
        const figure = figures.get(what) ?? { what, seconds: [] };
        figure.seconds.push(seconds);
        figures.set(what, figure);
      }
    }
  }
  process.stdout.write(`\n${renderFigures([...figures.values()])}\n`);
  return 'conforms';
}

/** Creates a cluster and removes it; returns the seconds of each phase. */
async function createOnce(way: Way, plan: ClusterPlan): Promise<{ phases: Map<string, number>; status: ExitStatus }> {
  const state = new ClusterState();
  await using session = await beginSession({ verb: 'bench', reports: 'reports' });
  const { target, events, journal, signal } = session;
  const phases = new PhaseReader();
  events.subscribe(phases.read);
  const steps = clusterSteps(plan, target, state).flatMap((step) => {
    if (way === 'lpv up') return step;
    if (step.name === 'cluster') return { ...step, ...plainCluster(target, state) };
    if (step.name === 'nodes-ready') return readyStep(target.cluster);
    return step.name === 'disks' ? [] : step;
  });
  const performance = await performAll(steps, { events, journal, signal });
  state.logsWanted = false;
  if (performance.outcome === 'done') await undoAll(steps, { events, journal });
  return { phases: phases.seconds, status: await session.finish() };
}

/** Creates a plain cluster. */
function plainCluster({ cluster, network, kubeconfig }: ClusterTarget, state: ClusterState): Pick<Action, 'perform'> {
  return {
    async perform({ progress, signal }) {
      await state.need('kind').create({
        cluster,
        network,
        kubeconfig,
        image: state.need('image').reference,
        configuration: renderKindConfiguration(plainDocument),
        deadline: 300_000,
        signal,
        onLine: (line) => {
          const step = readKindStep(line);
          if (step) progress.note(step);
        },
      });
    },
  };
}

/** Waits until all nodes of a plain cluster are Ready. */
function readyStep(cluster: string): Action {
  return {
    name: 'nodes-ready',
    title: 'Waiting for the nodes',
    deadline: 120_000,
    async perform({ signal }) {
      const kubectl = ['kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf'] as const;
      const wait = ['wait', '--for=condition=Ready', 'node', '--all', '--timeout=100s'] as const;
      using node = new EngineNode('the control plane', `${cluster}-control-plane`);
      await onNode(node, [...kubectl, ...wait], { deadline: 110_000, signal });
    },
  };
}

/** Reads from the events of a run how long its steps took, and those of kind within one of them. */
export class PhaseReader {
  readonly seconds = new Map<string, number>();
  #begun: number | undefined;
  #kindStep: { name: string; begun: number } | undefined;

  readonly read = (event: RunEvent): void => {
    const at = event.at.getTime();
    if (event.kind === 'action-started' && event.direction === 'perform') this.#begun ??= at;
    if (event.kind === 'action-noted' && event.action === 'cluster') {
      this.#endKindStep(at);
      this.#kindStep = { name: event.text, begun: at };
    }
    if (event.kind !== 'action-finished' || event.direction !== 'perform') return;
    this.#endKindStep(at);
    this.seconds.set(event.title.replace(/lpv-\w+/, 'NAME'), event.milliseconds / 1000);
    this.seconds.set(all, (at - (this.#begun ?? at)) / 1000);
  };

  #endKindStep(at: number): void {
    if (this.#kindStep) this.seconds.set(`kind: ${this.#kindStep.name}`, (at - this.#kindStep.begun) / 1000);
    this.#kindStep = undefined;
  }
}
