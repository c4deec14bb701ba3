import { setTimeout as after } from 'node:timers/promises';
import { messageOf } from '../../clusters/errors/domain-error.ts';
import type { Requirement } from '../catalogue/catalogue.ts';
import type { NotRun } from '../catalogue/features.ts';
import { CurrentSpec } from './current-spec.ts';
import type { EventStream } from './events.ts';
import { runWithLocks } from './locks.ts';
import { hasWholeCluster, isDisruptive, locksAmong, turnOf } from './plan.ts';
import { type DeclaredSpec, identityOf } from './registry.ts';
import { runSpec } from './run-one.ts';
import { type SpecCounts, type SpecOutcome, SpecTracker } from './tracker.ts';

export interface SpecRunOptions {
  events: EventStream;
  /** Aborting this stops the running specs through their own signals; the specs after them are reported as skipped. */
  signal: AbortSignal;
  /** The seed of their order, for the report. */
  seed: number;
  /** How many specs may run side by side. */
  jobs: number;
  /** Version of the API server, such as `v1.37.2`. */
  kubernetes: string;
  /** Names of the cluster's nodes. */
  nodes: readonly string[];
  /** Returns why the spec of a requirement is not run on the cluster. */
  whyNotRun?: (requirement: Requirement) => NotRun | undefined;
  /**
   * Checks, after a disruptive spec, that the nodes which it had are as they were; all nodes where none are given. What
   * it throws fails that spec, and ends the run.
   */
  assertHealthy?: (nodes?: readonly string[]) => Promise<void>;
  /** Before the first spec, and after the last: checks that nothing is left, and closes the watches. */
  open?: () => Promise<void>;
  close?: () => Promise<void>;
  /**
   * Milliseconds that running specs may take to stop after the signal; 1.5 s if not given: less than an action gets.
   */
  grace?: number;
}

/**
 * Runs specs in this process, round after round and without retries, `jobs` side by side, and emits the events. What
 * touches nodes is followed by a check that they are healthy. Resolves with the counts, also when specs fail or the run
 * is interrupted.
 */
export async function runSpecs(
  rounds: readonly (readonly DeclaredSpec[])[],
  options: SpecRunOptions,
): Promise<SpecCounts> {
  const {
    events,
    signal,
    seed,
    jobs,
    nodes,
    kubernetes,
    assertHealthy = async () => {},
    open,
    close,
    grace = 1_500,
  } = options;
  // An identity for each round: the same spec in another round is another one to the tracker.
  const runs = rounds.map((round) => round.map((spec) => ({ ...spec, identity: identityOf(spec) })));
  type PlannedSpec = (typeof runs)[number][number];
  const unhealthy = new AbortController();
  const stop = AbortSignal.any([signal, unhealthy.signal]);
  const interruption = (): string | undefined => (stop.aborted ? messageOf(stop.reason) : undefined);
  const tracker = new SpecTracker({ planned: runs.flat().map(({ identity }) => identity), events, interruption });
  tracker.planned({ seed, jobs });
  using _caught = catchStrayErrors(tracker);

  const runOne = async ({ requirement, test, identity }: PlannedSpec, node: string | undefined): Promise<void> => {
    const over = new AbortController();
    const { id, knownIssue } = requirement;
    const spec = new CurrentSpec({ id, node, knownIssue, signal: AbortSignal.any([over.signal, stop]) });
    tracker.began(identity, spec);
    const notRun = options.whyNotRun?.(requirement);
    if (notRun) return tracker.ended(identity, notRun);
    const outcome = await runSpec(test, { spec, over, stop, kubernetes });
    if (!isDisruptive(requirement)) return tracker.ended(identity, outcome);
    const health = await outcomeOf(assertHealthy(hasWholeCluster(requirement) ? undefined : requirement.exclusive));
    const good = outcome.outcome !== 'failed';
    tracker.ended(identity, good && health.outcome === 'failed' ? health : outcome);
    if (health.outcome === 'failed') unhealthy.abort(new Error(`${requirement.id} left the cluster unhealthy`));
  };
  const runRound = (round: readonly PlannedSpec[]): Promise<void> => {
    const locksOf = locksAmong(
      round.map(({ requirement }) => requirement),
      nodes,
    );
    return runWithLocks(
      round.toSorted((a, b) => turnOf(a.requirement) - turnOf(b.requirement)),
      {
        jobs,
        stop,
        locksOf: ({ requirement }, users) => locksOf(requirement, users),
        run: (planned, { node }) => runOne(planned, node),
      },
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
  return tracker.counts;
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

/** While specs run, an error that nothing caught fails the run instead of ending the process. */
function catchStrayErrors(tracker: SpecTracker): Disposable {
  const report = (thrown: unknown): void =>
    tracker.failedOutside('UNCAUGHT', 'no error is thrown outside of a spec', thrown);
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
  return {
    [Symbol.dispose]() {
      process.off('uncaughtException', report);
      process.off('unhandledRejection', report);
    },
  };
}
