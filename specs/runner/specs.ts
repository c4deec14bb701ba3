import { setTimeout as after } from 'node:timers/promises';
import { messageOf } from '../../clusters/errors/domain-error.ts';
import type { Requirement } from '../catalogue/catalogue.ts';
import type { EventStream, SpecIdentity } from './events.ts';
import { inLanes, type Needs } from './lanes.ts';
import { takePodStarts } from './pod-starts.ts';
import { runSpec } from './run-spec.ts';
import { type SpecCounts, type SpecOutcome, SpecTracker } from './spec-tracker.ts';

/** One run of one spec. A spec that is repeated has several. */
export interface PlannedSpec {
  spec: SpecIdentity;
  test: Mocha.Test;
  /** It touches nodes, or something of the whole cluster, and runs after those that do not. */
  disruptive: boolean;
  exclusive: Requirement['exclusive'];
  nodes: Requirement['nodes'];
  slow: Requirement['slow'];
}

export interface SpecRunOptions {
  events: EventStream;
  /** Aborting this stops the running specs through their own signals; the specs after them are told as skipped. */
  signal: AbortSignal;
  /** Absolute path of the report folder. */
  folder: string;
  /** The seed of their order, for the report. */
  seed: number;
  /** How many specs may run side by side. */
  jobs: number;
  /** Names of the cluster's nodes. */
  nodes: readonly string[];
  /**
   * Proves, after a disruptive spec, that the nodes which it held are as they were; all nodes where none are given.
   * What it throws fails that spec, and ends the run.
   */
  proveHealthy?: (nodes?: readonly string[]) => Promise<void>;
  /** Before the first spec, and after the last: proves that nothing is left, and closes the watches. */
  open?: () => Promise<void>;
  close?: () => Promise<void>;
  /**
   * Milliseconds that running specs may take to stop after the signal; 1.5 s if not given: less than an action gets.
   */
  grace?: number;
}

/**
 * Runs planned specs in this process, round after round and without retries, and tells the events. In a round come
 * first those that need all nodes as they always are, `jobs` side by side; then those that have nodes for themselves,
 * because they touch them, and beside them those that any other node will do for; then those that have the whole
 * cluster, one by one. What touches nodes is followed by a proof that they are healthy. Resolves with the counts also
 * when specs fail or the run is interrupted: what they mean is for the verdict to say.
 */
export async function runSpecs(
  rounds: readonly (readonly PlannedSpec[])[],
  options: SpecRunOptions,
): Promise<SpecCounts> {
  const {
    events,
    signal,
    folder,
    seed,
    jobs,
    nodes,
    proveHealthy = async () => {},
    open,
    close,
    grace = 1_500,
  } = options;
  // A round's own copies: the same spec in another round is another spec to tell of.
  const runs = rounds.map((plan) => plan.map((planned) => ({ ...planned, spec: { ...planned.spec } })));
  const unhealthy = new AbortController();
  const stop = AbortSignal.any([signal, unhealthy.signal]);
  const interruption = (): string | undefined => (stop.aborted ? messageOf(stop.reason) : undefined);
  const tracker = new SpecTracker({ planned: runs.flat().map(({ spec }) => spec), events, folder, interruption });
  tracker.planned({ seed, jobs });
  using _caught = catchStrayErrors(tracker);

  const runOne = async (planned: PlannedSpec, node: string | undefined): Promise<void> => {
    const { spec, test, disruptive } = planned;
    tracker.began(spec);
    const outcome = await runSpec(test, { id: spec.id, node }, stop);
    if (!disruptive) return tracker.ended(spec, outcome);
    const health = await outcomeOf(proveHealthy(hasWholeCluster(planned) ? undefined : planned.exclusive));
    const good = outcome.outcome !== 'failed';
    tracker.ended(spec, good && health.outcome === 'failed' ? health : outcome);
    if (health.outcome === 'failed') unhealthy.abort(new Error(`${spec.id} left the cluster unhealthy`));
  };
  const runRound = (plan: readonly PlannedSpec[]): Promise<void> =>
    inLanes(
      plan.toSorted((a, b) => turnOf(a) - turnOf(b)),
      {
        lanes: jobs,
        stop,
        needsOf: needsAmong(plan, nodes),
        run: (planned, { node }) => runOne(planned, node),
      },
    );
  const work = async (): Promise<void> => {
    await open?.().catch((thrown) => tracker.failedOutside('OPEN', 'the cluster can be looked at', thrown));
    for (const round of runs) await runRound(round);
    if (!signal.aborted)
      await close?.().catch((thrown) => tracker.failedOutside('CLOSE', 'nothing is left of the specs', thrown));
  };
  const giveUp = new AbortController();
  const afterGrace = async (): Promise<void> => {
    await aborted(signal, giveUp.signal);
    await after(grace, undefined, { signal: giveUp.signal });
  };
  await Promise.race([work(), afterGrace().catch(() => new Promise(() => {}))]);
  giveUp.abort();
  tracker.close();
  events.emit({ kind: 'pods-started', starts: takePodStarts() });
  return tracker.counts;
}

/** Whether a spec has every node for itself. */
function hasWholeCluster({ disruptive, exclusive }: PlannedSpec): boolean {
  return disruptive && exclusive.length === 0;
}

/** The order in which specs begin, as far as what they need allows. */
function turnOf(planned: PlannedSpec): number {
  const { disruptive, exclusive, nodes, slow } = planned;
  // Those that hold the same thing wait for each other, so they begin with the first.
  if (!disruptive && nodes === 'all') return exclusive.length > 0 || slow ? 0 : 1;
  if (hasWholeCluster(planned)) return 6;
  // Several nodes are free together before others have them in turn, and then for long not again.
  if (disruptive && exclusive.length > 1) return 2;
  if (slow) return 3;
  return disruptive ? 4 : 5;
}

/** What a spec needs, and the node that it is given where one will do. */
interface SpecNeeds extends Needs {
  node?: string;
}

/**
 * What each spec of a plan needs. Where one node will do it is given the least used of those that no spec of the plan
 * has for itself: it never keeps one of these waiting.
 */
function needsAmong(
  plan: readonly PlannedSpec[],
  nodes: readonly string[],
): (planned: PlannedSpec, users: (thing: string) => number) => SpecNeeds {
  const touched = new Set(plan.flatMap(({ disruptive, exclusive }) => (disruptive ? exclusive : [])));
  const quiet = nodes.filter((node) => !touched.has(node));
  const given = quiet.length > 0 ? quiet : nodes;
  return (planned, users) => {
    const { disruptive, exclusive: holds } = planned;
    if (disruptive) return { holds: hasWholeCluster(planned) ? nodes : holds, uses: [] };
    if (planned.nodes === 'all') return { holds, uses: nodes };
    const node = given.toSorted((a, b) => users(a) - users(b))[0] as string;
    return { holds, uses: [node], node };
  };
}

async function outcomeOf(work: Promise<void>): Promise<SpecOutcome> {
  try {
    await work;
    return { outcome: 'passed' };
  } catch (thrown) {
    return { outcome: 'failed', thrown };
  }
}

/** Resolves when the signal is aborted; rejects when it is given up on before. */
function aborted(signal: AbortSignal, giveUp: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    giveUp.addEventListener('abort', () => reject(giveUp.reason), { once: true });
  });
}

/** While specs run, an error that nobody caught fails the run instead of ending the process. */
function catchStrayErrors(tracker: SpecTracker): Disposable {
  const tell = (thrown: unknown): void =>
    tracker.failedOutside('UNCAUGHT', 'no error is thrown outside of a spec', thrown);
  process.on('uncaughtException', tell);
  process.on('unhandledRejection', tell);
  return {
    [Symbol.dispose]() {
      process.off('uncaughtException', tell);
      process.off('unhandledRejection', tell);
    },
  };
}
