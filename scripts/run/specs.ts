import { setTimeout as after } from 'node:timers/promises';
import { messageOf } from '../../clusters/domain-error.ts';
import { takePodStarts } from '../../specs/support/pod-starts.ts';
import type { EventStream, SpecIdentity } from './events.ts';
import { runSpec } from './run-spec.ts';
import { type SpecCounts, type SpecOutcome, SpecTracker } from './spec-tracker.ts';

/** One run of one spec. A spec that is repeated has several. */
export interface PlannedSpec {
  spec: SpecIdentity;
  test: Mocha.Test;
  /** It touches nodes, or something of the whole cluster, and runs after those that do not. */
  disruptive: boolean;
  /** What it has for itself while it runs. A disruptive one that names no nodes has the whole cluster. */
  holds: readonly string[];
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
 * first those that mind only their own objects, `jobs` side by side; then those that are alone on the nodes which they
 * touch, while others have other nodes; then those that have the whole cluster, one by one. Each of the latter two is
 * followed by a proof that what it held is healthy. Resolves with the counts also when specs fail or the run is
 * interrupted: what they mean is for the verdict to say.
 */
export async function runSpecs(
  rounds: readonly (readonly PlannedSpec[])[],
  options: SpecRunOptions,
): Promise<SpecCounts> {
  const { events, signal, folder, seed, jobs, proveHealthy = async () => {}, open, close, grace = 1_500 } = options;
  // A round's own copies: the same spec in another round is another spec to tell of.
  const runs = rounds.map((plan) => plan.map((planned) => ({ ...planned, spec: { ...planned.spec } })));
  const unhealthy = new AbortController();
  const stop = AbortSignal.any([signal, unhealthy.signal]);
  const interruption = (): string | undefined => (stop.aborted ? messageOf(stop.reason) : undefined);
  const tracker = new SpecTracker({ planned: runs.flat().map(({ spec }) => spec), events, folder, interruption });
  tracker.planned({ seed, jobs });
  using _caught = catchStrayErrors(tracker);

  const runOne = async ({ spec, test }: PlannedSpec): Promise<void> => {
    tracker.began(spec);
    tracker.ended(spec, await runSpec(test, spec.id, stop));
  };
  const runDisruptive = async ({ spec, test, holds }: PlannedSpec): Promise<void> => {
    tracker.began(spec);
    const outcome = await runSpec(test, spec.id, stop);
    const health = await outcomeOf(proveHealthy(holds.length > 0 ? holds : undefined));
    const good = outcome.outcome !== 'failed';
    tracker.ended(spec, good && health.outcome === 'failed' ? health : outcome);
    if (health.outcome === 'failed') unhealthy.abort(new Error(`${spec.id} left the cluster unhealthy`));
  };
  const runRound = async (plan: readonly PlannedSpec[]): Promise<void> => {
    const disruptive = plan.filter((planned) => planned.disruptive);
    const onNodes = disruptive.filter(({ holds }) => holds.length > 0);
    await sideBySide(
      plan.filter((planned) => !planned.disruptive),
      jobs,
      stop,
      runOne,
    );
    await sideBySide(onNodes, jobs, stop, runDisruptive);
    await sideBySide(
      disruptive.filter(({ holds }) => holds.length === 0),
      1,
      stop,
      runDisruptive,
    );
  };
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

/**
 * Takes one spec after the other from the plan, in as many lanes as there may be, until all are taken or it has to
 * stop. The next is the first of which no other spec holds anything.
 */
async function sideBySide(
  plan: readonly PlannedSpec[],
  lanes: number,
  stop: AbortSignal,
  run: (planned: PlannedSpec) => Promise<void>,
): Promise<void> {
  const waiting = [...plan];
  const held = new Set<string>();
  const running = new Set<Promise<void>>();
  while (!stop.aborted) {
    const next = running.size < lanes ? waiting.findIndex(({ holds }) => !holds.some((thing) => held.has(thing))) : -1;
    const [planned] = next < 0 ? [] : waiting.splice(next, 1);
    if (planned) {
      for (const thing of planned.holds) held.add(thing);
      const through = run(planned).finally(() => {
        for (const thing of planned.holds) held.delete(thing);
        running.delete(through);
      });
      running.add(through);
    } else if (running.size > 0) await Promise.race(running);
    else return;
  }
  await Promise.all(running);
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
