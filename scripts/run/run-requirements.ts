import { cpus } from 'node:os';
import type { ClusterClient } from '../../clusters/api/client.ts';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { probeEngine } from '../../clusters/host/engine/engine.ts';
import { engineMissing } from '../../clusters/host/engine/engine-errors.ts';
import { assertInotifyInstances } from '../../clusters/host/machine/inotify.ts';
import { pollUntil } from '../../clusters/host/poll-until.ts';
import { LeftBehind } from '../../clusters/nodes/leftovers.ts';
import { beginStaticProvisioner } from '../../clusters/static-provisioner/build.ts';
import { allRequirements } from '../../specs/catalogue/catalogue.ts';
import { readDurations } from '../../specs/catalogue/durations.ts';
import { minorOf, whyNotRun } from '../../specs/catalogue/features.ts';
import { lowerBounds } from '../../specs/runner/bounds.ts';
import type { RunEvent } from '../../specs/runner/events.ts';
import { assertHealthy, assertUnchanged, type Places, readPlaces } from '../../specs/runner/health.ts';
import { emitToMocha } from '../../specs/runner/mocha-events.ts';
import type { DeclaredSpec } from '../../specs/runner/registry.ts';
import { apiAftermath, runSpecs } from '../../specs/runner/run-specs.ts';
import { shuffled } from '../../specs/runner/seed.ts';
import type { SpecTime } from '../../specs/runner/spec-times.ts';
import {
  abandonTestCluster,
  closeTestCluster,
  clusterFacts,
  lastOutage,
  reportInfrastructureTo,
} from '../../specs/runner/test-cluster.ts';
import type { Product } from '../report/formats/conformance/product.ts';
import type { LocalVolumeConformanceReport } from '../report/model/report.ts';
import type { Asked } from '../report/model/reproduce.ts';
import { type Action, performAll, undoAll } from './actions.ts';
import { checksStep } from './awaited-checks.ts';
import type { ClusterPlan } from './cluster/plan.ts';
import { ClusterState, type ClusterTarget, type Reservation } from './cluster/state.ts';
import { clusterSteps, existingClusterSteps } from './cluster/steps.ts';
import { lockCluster } from './cluster-lock.ts';
import { assertStillFit } from './lent-cluster/chosen-nodes.ts';
import { type LentCluster, lentSteps } from './lent-cluster/steps.ts';
import { recordStep } from './record-step.ts';
import type { RegistryEntry } from './registry.ts';
import { reportedRun } from './reported-run.ts';
import { beginSession, type Session } from './session.ts';
import { cpuBusyBetween, cpuStealBetween, harnessFacts, readCpuTime } from './surroundings.ts';

/** What a run proves, and on which cluster. All of it is read and checked; nothing is created yet. */
export interface RunPlan {
  options: Omit<Asked, 'kubernetes' | 'kubeconfigFiles'> & {
    jobs?: number | undefined;
    keep: 'never' | 'failure' | 'always';
  };
  plan: ClusterPlan;
  /** An existing cluster, which the run uses. */
  existing: RegistryEntry | undefined;
  /** A cluster that a user has lent, on which the run touches nothing but what it creates. */
  lent?: LentCluster | undefined;
  /** In the order of the catalogue. */
  specs: readonly DeclaredSpec[];
  /** What was chosen, in the same order; `specs` are one shard of it where the run proves no more. */
  selection: readonly DeclaredSpec[];
  /** Decides the order of the specs. */
  seed: number;
  product: Product | undefined;
  /** A reporter of mocha that runs beside ours, and its options. */
  mocha?: readonly [reporter: Mocha.ReporterConstructor, options: Record<string, string> | undefined] | undefined;
  /** Reads the events of the run, beside its own readers. */
  reader?: ((event: RunEvent) => void) | undefined;
}

/** How a run ended. */
export interface RunOutcome {
  exitStatus: ExitStatus;
  /** The report, as it is in the folder. */
  report: LocalVolumeConformanceReport | undefined;
  /** Absolute path of its folder, which has its report. */
  folder: string;
  /** The cluster, where the run created one that stays. */
  kept: ClusterTarget | undefined;
}

/** Proves the requirements on one cluster, and writes the report of that into a new folder below `reports`. */
export async function runRequirements(runPlan: RunPlan, reports: string): Promise<RunOutcome> {
  const { options, plan, existing, lent, specs, selection, product, mocha, reader } = runPlan;
  const { keep } = options;
  await using _lock = existing && (await lockCluster(existing.cluster, 'run'));
  const state = new ClusterState();
  const harness = await harnessFacts();
  await using session = await beginSession({
    verb: 'run',
    reports,
    strict: options.strict,
    existing,
    report: reportedRun({
      catalogue: allRequirements(),
      chosen: specs,
      selection: selection.map(({ requirement }) => requirement.id),
      asked: {
        ...options,
        kubernetes: lent ? minorOf(lent.survey.kubernetes).join('.') : plan.minor.name,
        kubeconfigFiles: process.env.KUBECONFIG,
      },
      product,
      harness,
      state,
    }),
  });
  const { target, events, journal, signal, keepStep } = session;
  if (mocha) {
    const chapters = specs.map(({ requirement }) => requirement.chapter);
    const planned = Array.from({ length: options.repeat }, () => chapters).flat();
    events.subscribe(emitToMocha(mocha[0], planned, mocha[1]));
  }
  if (reader) events.subscribe(reader);
  signal.addEventListener('abort', () => state.forgoLogs());

  const provisioned = specs.some(({ requirement }) => requirement.features.includes('provisioner'));
  const provisioner = provisioned ? plan.versions.staticProvisioner : undefined;
  using building =
    provisioner && !lent
      ? beginStaticProvisioner({ pin: provisioner, cacheFolder: plan.cacheFolder, signal })
      : undefined;
  state.staticProvisioner = building?.result;
  const mayStay = existing !== undefined || keep !== 'never';
  const steps = lent
    ? lentSteps(lent, { target, state, harness, provisioner })
    : [
        ...stepsFor(runPlan, target, state),
        recordStep({ target, state, plan, harness, stays: mayStay }),
        ...checksStep(),
      ];
  const performance = await performAll(steps, {
    events,
    journal,
    signal,
    keep: (outcome) => outcome === 'failed' && keep !== 'never' && state.nodes.length > 0,
  });
  if (performance.outcome === 'done')
    await session.attempt('Running the specs', () => runChosen(runPlan, session, state).finally(abandonTestCluster));

  const good = session.ending().exitStatus === 'conforms';
  const wanted = keep === 'always' || (keep === 'failure' && !good);
  state.logsWanted = !good && !signal.aborted;
  const stays = !existing && state.nodes.length > 0 && !signal.aborted && wanted;
  const conditions = { events, journal, signal, keep: () => true };
  const kept = stays && (await performAll([keepStep], conditions)).outcome === 'done' ? target : undefined;
  if (!kept) await undoAll([...steps, keepStep], { events, journal });
  return { exitStatus: await session.finish(), report: session.report(), folder: target.folder, kept };
}

/** Runs the chosen specs on the cluster that is ready, and emits the events. */
async function runChosen(
  { options, existing, lent, specs, seed }: RunPlan,
  { events, signal }: Session,
  state: ClusterState,
): Promise<void> {
  using _told = reportInfrastructureTo({
    note: (text) => events.emit({ kind: 'action-noted', action: 'specs', text }),
    retried: (step, attempt, reason) => events.emit({ kind: 'action-retried', action: 'specs', step, attempt, reason }),
  });
  let places: Places | undefined;
  const times: SpecTime[] = [];
  events.subscribe((event) => {
    if (event.kind !== 'spec-finished') return;
    const requirement = specs.find((spec) => spec.requirement.id === event.spec.id)?.requirement;
    if (requirement) times.push({ requirement, seconds: event.result.milliseconds / 1000 });
  });
  const jobs = options.jobs ?? 5 * cpus().length;
  const nodes = clusterFacts().nodes.map(({ name }) => name);
  const [start, begun] = [performance.now(), await readCpuTime()];
  const rounds = Array.from({ length: options.repeat }, (_, round) => shuffled(specs, seed + round));
  await runSpecs(rounds, {
    events,
    signal,
    seed,
    kubernetes: clusterFacts().kubernetes,
    nodes,
    jobs,
    durations: readDurations(),
    // On a cluster that stays, what a spec undoes itself need not be undone after it.
    ...((existing || lent) && { grace: 15_000 }),
    whyNotRun: (requirement) => whyNotRun(requirement, clusterFacts()),
    assertHealthy,
    assertReachable: async () => {
      if (lent) {
        const lost = state.agents()?.lost();
        if (lost) throw lost;
        await assertAnswers(lent.client);
        // A spec that may change nodes may just be doing so.
        if (lent.survey.withheld.nodes !== undefined) await assertStillFit(lent.client, lent.survey.nodes);
        return;
      }
      await assertReachable(state.need('client'));
      const containers = state.nodes.map(({ container }) => container);
      await assertInotifyInstances(state.need('engine'), containers);
    },
    outages: async () => [
      { what: 'the API server', at: await lastOutage(), felt: apiAftermath },
      { what: 'an agent', at: state.agents()?.lastLoss(), felt: 0 },
    ],
    open: async () => {
      places = await readPlaces();
    },
    close: async () => {
      try {
        const compared = places && (await assertUnchanged(places).catch(asLeftBehind));
        if (state.leftOvers) state.leftOvers = { ...state.leftOvers, atEnd: true };
        if (compared) throw compared;
      } finally {
        await closeTestCluster();
      }
    },
  });
  const [milliseconds, ended] = [performance.now() - start, await readCpuTime()];
  const bounds = lowerBounds(times, { jobs, nodes: nodes.length });
  const busy = cpuBusyBetween(begun, ended);
  if (busy !== undefined) bounds.push({ seconds: (busy * milliseconds) / 1000, because: 'the work of the processors' });
  const [bound] = bounds.toSorted((a, b) => b.seconds - a.seconds);
  if (bound && times.length > 0) {
    const atLeast = Math.min(bound.seconds * 1000, milliseconds);
    events.emit({ kind: 'specs-measured', milliseconds, atLeast, because: bound.because });
  }
  const cpuSteal = cpuStealBetween(begun, ended);
  if (cpuSteal !== undefined) events.emit({ kind: 'cpu-steal-measured', cpuSteal });
}

/** Returns what was left, as the error that says so. @throws any other error: then nothing was compared */
function asLeftBehind(error: unknown): LeftBehind {
  if (error instanceof LeftBehind) return error;
  throw error;
}

/**
 * Checks that engine and API server answer; a busy one has some seconds.
 * @throws the error of the one that does not
 */
async function assertReachable(client: ClusterClient): Promise<void> {
  const engine = await probeEngine();
  if (engine.kind !== 'answers') throw engineMissing(engine, []);
  await assertAnswers(client);
}

/** Checks that the API server answers; a busy one has some seconds. @throws its error */
async function assertAnswers(client: ClusterClient): Promise<void> {
  const look = () =>
    client.assertReady({ within: 5_000 }).then(
      () => ({ answer: true }),
      (notYet: unknown) => ({ notYet }),
    );
  const end = await pollUntil(look, { within: 15_000, every: 500 });
  if ('notYet' in end) throw end.notYet;
}

/** Returns the steps to a cluster that specs can run on. */
export function stepsFor(
  { plan, existing }: Pick<RunPlan, 'plan' | 'existing'>,
  target: ClusterTarget & Reservation,
  state = new ClusterState(),
): Action[] {
  return existing ? existingClusterSteps(plan, target, state, existing.run) : clusterSteps(plan, target, state);
}
