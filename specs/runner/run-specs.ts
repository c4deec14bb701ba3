import { setMaxListeners } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { ApiUnreachable } from '../../clusters/api/refusal.ts';
import { DomainError, messageOf, PreparationFailed, unsuppressed } from '../../clusters/errors/domain-error.ts';
import type { Requirement } from '../catalogue/catalogue.ts';
import type { Durations } from '../catalogue/durations.ts';
import type { NotRun } from '../catalogue/features.ts';
import { CurrentSpec } from './current-spec.ts';
import type { EventStream } from './events.ts';
import { runWithLocks, Shareable } from './locks.ts';
import { inTurns, isDisruptive, locksAmong, type SpecLocks } from './plan.ts';
import { type DeclaredSpec, identityOf } from './registry.ts';
import { runSpec } from './run-one.ts';
import { catchStrayErrors } from './stray-errors.ts';
import { type SpecCounts, type SpecOutcome, SpecTracker } from './tracker.ts';

export interface SpecRunOptions {
  events: EventStream;
  /** Aborting this stops the running specs through their own signals; the specs after them are reported as skipped. */
  signal: AbortSignal;
  /** The seed of their order, for the report. */
  seed: number;
  /** How many specs may run side by side. */
  jobs: number;
  /** How long specs take: the longest begin first. */
  durations?: Durations;
  /** Version of the API server, such as `v1.37.2`. */
  kubernetes: string;
  /** Names of the run's nodes, in the order of their roles. */
  nodes: readonly string[];
  /** Returns why the spec of a requirement is not run on the cluster. */
  whyNotRun?: (requirement: Requirement) => NotRun | undefined;
  /**
   * Checks, after a disruptive spec, that the nodes which it had are as they were; all nodes where none are given. What
   * it throws fails that spec, and ends the run.
   */
  assertHealthy?: (nodes?: readonly string[]) => Promise<void>;
  /**
   * Checks, after a spec failed, that API server and container engine answer, and that the machine can run the nodes.
   * What it throws is the environment's fault: it ends the run, and the specs that it stopped are reported as skipped.
   */
  assertReachable?: () => Promise<void>;
  /** Returns after how many milliseconds each wait of a requirement's spec ends, at the latest. */
  longestWait?: (requirement: Requirement) => number;
  /** Returns what was away for a while and when last, for the specs that ran then. */
  outages?: () => Promise<readonly Outage[]>;
  /**
   * Before the first spec; what it throws is the environment's fault, too. And after the last: checks that nothing is
   * left, and closes the watches.
   */
  open?: () => Promise<void>;
  close?: () => Promise<void>;
  /**
   * Milliseconds that running specs may take to stop after the signal; 1.5 s if not given: less than an action gets.
   */
  grace?: number;
}

/**
 * Runs specs in this process, round after round and without retries, `jobs` side by side, and emits the events. What
 * touches nodes is followed by a check that they are healthy. Resolves with the counts, also where specs fail, the run is
 * interrupted, or the environment fails: that is the failure of an action named `specs`.
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
    durations = new Map(),
    assertHealthy = async () => {},
    assertReachable = async () => {},
    open,
    close,
    grace = 1_500,
  } = options;
  // An identity for each round: the same spec in another round is another one to the tracker.
  const runs = rounds.map((round) => round.map((spec) => ({ ...spec, identity: identityOf(spec) })));
  type PlannedSpec = (typeof runs)[number][number];
  const unhealthy = new AbortController();
  const unreachable = new AbortController();
  /** Ends the running specs at once: what they wait for is not going to happen. */
  const hasty = AbortSignal.any([signal, unreachable.signal]);
  const stop = AbortSignal.any([hasty, unhealthy.signal]);
  // Every wait of every spec listens: Node takes more than ten listeners for a leak.
  setMaxListeners(0, signal, hasty, stop);
  const interruption = (): string | undefined => (stop.aborted ? messageOf(stop.reason) : undefined);
  const tracker = new SpecTracker({ planned: runs.flat().map(({ identity }) => identity), events, interruption });
  tracker.planned({ seed, jobs });
  using _caught = catchStrayErrors((thrown) =>
    tracker.failedOutside('UNCAUGHT', 'no error is thrown outside of a spec', thrown),
  );
  const begun = performance.now();
  const blameEnvironment = (error: unknown): void => {
    const milliseconds = performance.now() - begun;
    const action = { action: 'specs', title: 'Running the specs', direction: 'perform' } as const;
    events.emit({ kind: 'action-finished', ...action, milliseconds, outcome: 'failed', error });
  };
  let looking: Promise<void> | undefined;
  /** Looks whether the cluster can still be reached; specs that fail at the same time share one look. */
  const look = (): Promise<void> => {
    looking ??= assertReachable()
      .catch((error: unknown) => {
        if (hasty.aborted) return;
        blameEnvironment(error);
        unreachable.abort(new Error('the environment failed'));
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  /** What kept specs from showing anything: faults of the environment. */
  const notShown: unknown[] = [];
  /** What was away, or was still felt to be, while a spec ran that began at `from`. */
  const awayAfter = async (from: number): Promise<string | undefined> =>
    (await options.outages?.())?.find(({ at, felt }) => at !== undefined && at >= from - felt)?.what;

  const groups = new Map<string, Shareable>();
  const clusterOf = (group: string): Shareable => {
    const cluster = groups.get(group) ?? new Shareable();
    groups.set(group, cluster);
    return cluster;
  };
  const runOne = async (
    { requirement, test, identity }: PlannedSpec,
    { assigned, disturbed }: SpecLocks,
  ): Promise<void> => {
    const over = new AbortController();
    const ended = AbortSignal.any([over.signal, stop]);
    setMaxListeners(0, ended);
    const { id, group, knownIssue, needs, leastNodes } = requirement;
    // Until its nodes are checked: another spec of its group may change them while it has the cluster alone.
    using sharing = group === undefined ? undefined : await clusterOf(group).use();
    const spec = new CurrentSpec({
      id,
      nodes: assigned,
      sharing,
      knownIssue,
      needs,
      leastNodes,
      longestWait: options.longestWait?.(requirement),
      signal: ended,
    });
    const had = disturbed ?? assigned;
    tracker.began(identity, spec, { ...(had && { nodes: had }), alone: isDisruptive(requirement) });
    const notRun = options.whyNotRun?.(requirement);
    if (notRun) return tracker.ended(identity, notRun);
    const from = performance.now();
    let outcome = await runSpec(test, { spec, over, stop, kubernetes });
    if ('thrown' in outcome) {
      await look();
      if (outcome.outcome === 'failed' && !stop.aborted) {
        const away = isUnanswered(outcome.thrown) ? 'the API server' : await awayAfter(from);
        const lack = away === undefined ? lackOfHarness(outcome.thrown) : `${away} was away for a while`;
        if (lack !== undefined) {
          notShown.push(outcome.thrown);
          const [line] = messageOf(unsuppressed(outcome.thrown).first).split('\n');
          outcome = { outcome: 'skipped', reason: `${lack}: ${line}` };
        }
      }
    }
    if (!isDisruptive(requirement) || unreachable.signal.aborted) return tracker.ended(identity, outcome);
    const health = await outcomeOf(assertHealthy(disturbed));
    if (health.outcome === 'failed') await look();
    const good = outcome.outcome !== 'failed';
    tracker.ended(identity, good && health.outcome === 'failed' ? health : outcome);
    if (health.outcome === 'failed') unhealthy.abort(new Error(`${requirement.id} left the cluster unhealthy`));
  };
  const runRound = (round: readonly PlannedSpec[]): Promise<void> => {
    const locksOf = locksAmong(
      round.map(({ requirement }) => requirement),
      nodes,
    );
    return runWithLocks(inTurns(round, durations), {
      jobs,
      stop,
      locksOf: ({ requirement }, inUse) => locksOf(requirement, inUse),
      run: runOne,
    });
  };
  const work = async (): Promise<void> => {
    await open?.().catch((error: unknown) => {
      blameEnvironment(error);
      unreachable.abort(new Error('the cluster could not be looked at'));
    });
    for (const round of runs) await runRound(round);
    if (hasty.aborted) return;
    await close?.().catch(async (thrown) => {
      await look();
      if (hasty.aborted) return;
      // A namespace that stays, on a cluster that stays, refutes no promise; what kubelet has left on a node does.
      if (thrown instanceof DomainError && thrown.exit === 'environment') blameEnvironment(thrown);
      else tracker.failedOutside('CLOSE', 'nothing is left of the specs', thrown);
    });
  };
  const giveUp = new AbortController();
  const afterGrace = async (): Promise<void> => {
    await aborted(hasty, giveUp.signal);
    await after(grace, undefined, { signal: giveUp.signal });
  };
  await Promise.race([work(), afterGrace().catch(() => new Promise(() => {}))]);
  giveUp.abort();
  tracker.close();
  // What it took was not shown. A refutation weighs more.
  if (notShown.length > 0 && tracker.counts.failed === 0) blameEnvironment(nothingShown(notShown));
  return tracker.counts;
}

/** Something that specs depend on, and that was away. */
export interface Outage {
  /** The API server, an agent: the beginning of a sentence. */
  what: string;
  /** When it was last away, as `performance.now()` tells time; undefined: never. */
  at: number | undefined;
  /** Milliseconds for which that is felt after it. */
  felt: number;
}

/**
 * Milliseconds for which an outage of the API server is felt after it: scheduler and controllers end when they cannot
 * renew their lease, and kubelet waits longer and longer before it starts them again.
 */
export const apiAftermath = 60_000;

/** Returns whether a spec failed because the API server gave no answer. */
function isUnanswered(thrown: unknown): boolean {
  return causesOf(thrown).some((each) => each instanceof ApiUnreachable);
}

/**
 * Returns what was lacking where a spec failed because the harness could not write its evidence, or could not prepare
 * what the spec needs; undefined where that is not the reason. What is full on a node is in the output of a command
 * there, and has no such code.
 */
function lackOfHarness(thrown: unknown): string | undefined {
  if (causesOf(thrown).some((each) => each instanceof PreparationFailed)) return 'it could not be prepared';
  const lacks = {
    ENOSPC: 'the disk for the report is full',
    EDQUOT: 'the disk for the report is full',
    EMFILE: 'this process has no file descriptor left',
  };
  const codes = causesOf(thrown).map((each) => (each as NodeJS.ErrnoException).code);
  return Object.entries(lacks).find(([code]) => codes.includes(code))?.[1];
}

/** Returns the fault of the environment that failures of specs were; each for itself may say that it refutes a promise. */
function nothingShown(failures: readonly unknown[]): DomainError {
  const [first] = failures;
  const specs = failures.length === 1 ? 'one spec' : `${failures.length} specs`;
  return new DomainError(
    {
      attempted: 'running the specs',
      seen: messageOf(first),
      why: `that was the end of ${specs} for a fault of the environment, which says nothing about a requirement`,
      remedy: 'run again what was skipped, once that is mended',
    },
    { exit: 'environment', cause: first },
  );
}

/** Returns what was thrown first, with its causes. */
function causesOf(thrown: unknown): Error[] {
  const causes: Error[] = [];
  for (let each: unknown = unsuppressed(thrown).first; each instanceof Error; each = each.cause) causes.push(each);
  return causes;
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
