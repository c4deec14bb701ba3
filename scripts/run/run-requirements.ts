import { cpus } from 'node:os';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { allRequirements } from '../../specs/catalogue/catalogue.ts';
import { whyNotRun } from '../../specs/catalogue/features.ts';
import { assertHealthy, assertUnchanged, type Places, readPlaces } from '../../specs/runner/health.ts';
import { emitToMocha } from '../../specs/runner/mocha-events.ts';
import { shuffled } from '../../specs/runner/plan.ts';
import type { DeclaredSpec } from '../../specs/runner/registry.ts';
import { runSpecs } from '../../specs/runner/run-specs.ts';
import { closeTestCluster, clusterFacts, reportInfrastructureTo } from '../../specs/runner/test-cluster.ts';
import type { Product } from '../report/formats/conformance/product.ts';
import type { LocalVolumeConformanceReport } from '../report/model/report.ts';
import type { Asked } from '../report/model/reproduce.ts';
import { type Action, performAll, undoAll } from './actions.ts';
import type { ClusterPlan } from './cluster/plan.ts';
import { ClusterState, type ClusterTarget, type Reservation } from './cluster/state.ts';
import { clusterSteps, existingClusterSteps } from './cluster/steps.ts';
import { lockCluster } from './cluster-lock.ts';
import { cpuStealBetween, readCpuTime } from './cpu-steal.ts';
import { recordStep } from './record-step.ts';
import type { RegistryEntry } from './registry.ts';
import { reportedRun } from './reported-run.ts';
import { beginSession } from './session.ts';
import { harnessFacts } from './surroundings.ts';

/** What is to be proven, and on what: everything is read and checked, and nothing is made yet. */
export interface RunPlan {
  options: Omit<Asked, 'kubernetes'> & { jobs?: number | undefined; keep: 'never' | 'failure' | 'always' };
  plan: ClusterPlan;
  /** A cluster that is there already. */
  existing: RegistryEntry | undefined;
  /** In the order of the catalogue. */
  specs: readonly DeclaredSpec[];
  /** Decides the order of the specs. */
  seed: number;
  product: Product | undefined;
  /** A reporter of mocha that runs beside ours, and its options. */
  mocha?: readonly [reporter: Mocha.ReporterConstructor, options: Record<string, string> | undefined] | undefined;
}

/** How a run ended. */
export interface RunOutcome {
  exitStatus: ExitStatus;
  /** What is written into its folder. */
  report: LocalVolumeConformanceReport | undefined;
  /** Absolute path of its folder, which has its report. */
  folder: string;
  /** The cluster, where the run has made one that stays. */
  kept: ClusterTarget | undefined;
}

/** Proves the requirements on one cluster, and writes the report of that into a new folder below `reports`. */
export async function runRequirements(runPlan: RunPlan, reports: string): Promise<RunOutcome> {
  const { options, plan, existing, specs, seed, product, mocha } = runPlan;
  const { keep } = options;
  await using _lock = existing && (await lockCluster(existing.cluster, 'run'));
  const state = new ClusterState();
  const harness = await harnessFacts();
  await using session = await beginSession({
    verb: 'run',
    reports,
    existing,
    report: reportedRun({
      catalogue: allRequirements(),
      chosen: specs,
      asked: { ...options, kubernetes: plan.minor.name },
      product,
      harness,
      state,
    }),
  });
  const { target, events, journal, signal, summary } = session;
  if (mocha) {
    const chapters = specs.map(({ requirement }) => requirement.chapter);
    const planned = Array.from({ length: options.repeat }, () => chapters).flat();
    events.subscribe(emitToMocha(mocha[0], planned, mocha[1]));
  }
  signal.addEventListener('abort', () => state.forgoLogs());

  const record = recordStep({ target, state, plan, harness, stays: existing !== undefined || keep !== 'never' });
  const performance = await performAll([...stepsFor(runPlan, target, state), record], {
    events,
    journal,
    signal,
    keep: (outcome) => outcome === 'failed' && keep !== 'never' && state.nodes.length > 0,
  });
  if (performance.outcome === 'done') {
    using _told = reportInfrastructureTo({
      note: (text) => events.emit({ kind: 'action-noted', action: 'specs', text }),
      retried: (step, attempt, reason) =>
        events.emit({ kind: 'action-retried', action: 'specs', step, attempt, reason }),
    });
    let places: Places | undefined;
    const begun = await readCpuTime();
    await runSpecs(
      Array.from({ length: options.repeat }, (_, round) => shuffled(specs, seed + round)),
      {
        events,
        signal,
        seed,
        kubernetes: clusterFacts().kubernetes,
        nodes: state.nodes.map(({ name }) => name),
        jobs: options.jobs ?? 4 * cpus().length,
        whyNotRun: ({ features }) => whyNotRun(features, clusterFacts()),
        assertHealthy,
        open: async () => {
          places = await readPlaces();
        },
        close: async () => {
          try {
            if (places) await assertUnchanged(places);
          } finally {
            await closeTestCluster();
          }
        },
      },
    );
    const cpuSteal = cpuStealBetween(begun, await readCpuTime());
    if (cpuSteal !== undefined) events.emit({ kind: 'cpu-steal-measured', cpuSteal });
  }

  const good = performance.outcome === 'done' && summary().specs.every(({ result }) => result.outcome !== 'failed');
  const wanted = keep === 'always' || (keep === 'failure' && !good);
  const kept = !existing && state.nodes.length > 0 && !signal.aborted && wanted ? target : undefined;
  state.logsWanted = !good && !signal.aborted;
  if (kept) await session.keep();
  else if (!existing) await undoAll(clusterSteps(plan, target, state).concat(record), { events, journal });
  return { exitStatus: await session.finish(), report: session.report(), folder: target.folder, kept };
}

/** Returns the steps to a cluster that specs can run on. */
export function stepsFor(
  { plan, existing }: Pick<RunPlan, 'plan' | 'existing'>,
  target: ClusterTarget & Reservation,
  state = new ClusterState(),
): Action[] {
  return existing ? existingClusterSteps(plan, target, state, existing.run) : clusterSteps(plan, target, state);
}
