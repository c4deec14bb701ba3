import type { KnownIssue } from '../catalogue/catalogue.ts';
import type { NotRun } from '../catalogue/features.ts';
import type { FailureDiagnosis } from '../diagnosis/failure-text.ts';
import type { CurrentSpec } from './current-spec.ts';
import type { EventStream, SpecIdentity, SpecPlace, SpecResult } from './events.ts';
import { failureOf } from './spec-failure.ts';

/** How a spec's body ended. */
export type SpecOutcome =
  | { outcome: 'passed' }
  | { outcome: 'failed'; thrown: unknown; diagnosis?: FailureDiagnosis }
  | { outcome: 'knownIssue'; issue: KnownIssue; thrown: unknown }
  | NotRun;

/** What a spec leaves for the report. */
type Left = Pick<CurrentSpec, 'evidence' | 'podStarts' | 'traces'>;

interface Running {
  start: number;
  left: Left;
}

export interface TrackerOptions {
  /** The specs that will run, each as often as it will. */
  planned: readonly SpecIdentity[];
  events: EventStream;
  /** Returns why the run is being stopped, once it is. */
  interruption: () => string | undefined;
  /** Monotonic milliseconds. */
  now?: () => number;
}

/** How the specs ended. Failures that belong to no single spec count as failed. */
export interface SpecCounts {
  planned: number;
  passed: number;
  failed: number;
  skipped: number;
  notApplicable: number;
  knownIssue: number;
}

/**
 * Turns the begin and end of specs, which may run side by side, into one started and one finished event each. No spec
 * is lost: what did not run, or not to its end, is reported when the tracker is closed.
 */
export class SpecTracker {
  readonly counts: SpecCounts;
  readonly #options: TrackerOptions;
  readonly #now: () => number;
  readonly #waiting: Set<SpecIdentity>;
  readonly #running = new Map<SpecIdentity, Running>();
  #closed = false;

  constructor(options: TrackerOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#waiting = new Set(options.planned);
    this.counts = {
      planned: options.planned.length,
      passed: 0,
      failed: 0,
      skipped: 0,
      notApplicable: 0,
      knownIssue: 0,
    };
  }

  planned(order: { seed: number; jobs: number }): void {
    this.#options.events.emit({ kind: 'specs-planned', count: this.counts.planned, ...order });
  }

  /** Notes that a spec begins. `left` is read when it ends. */
  began(spec: SpecIdentity, left: Left, place?: SpecPlace): void {
    if (this.#closed || !this.#waiting.delete(spec)) return;
    this.#running.set(spec, { start: this.#now(), left });
    this.#options.events.emit({ kind: 'spec-started', spec, ...(place && { place }) });
  }

  /** Notes how a spec ended. One that the end of the run has stopped counts as skipped, whatever it threw. */
  ended(spec: SpecIdentity, how: SpecOutcome): void {
    const running = this.#running.get(spec);
    if (!running || this.#closed) return;
    this.#running.delete(spec);
    const interruption = 'thrown' in how ? this.#options.interruption() : undefined;
    this.#finish(spec, running, interruption ? stopped(interruption, 'while it was running') : how);
  }

  /** Reports a failure that belongs to no planned spec as a spec of its own, so that it does not go unseen. */
  failedOutside(id: string, sentence: string, thrown: unknown): void {
    if (this.#closed) return;
    const spec: SpecIdentity = { id, chapter: 'outside of specs', sentence, file: '' };
    this.#options.events.emit({ kind: 'spec-started', spec });
    this.#finish(spec, this.#nothing(), { outcome: 'failed', thrown });
  }

  /** Reports the specs that have not ended. What is noted later counts for nothing. */
  close(): void {
    if (this.#closed) return;
    const interruption = this.#options.interruption();
    for (const [spec, running] of this.#running)
      this.#finish(spec, running, unfinished(interruption, 'while it was running'));
    for (const spec of this.#waiting) {
      this.#options.events.emit({ kind: 'spec-started', spec });
      this.#finish(spec, this.#nothing(), unfinished(interruption, 'before it began'));
    }
    this.#running.clear();
    this.#waiting.clear();
    this.#closed = true;
  }

  #nothing(): Running {
    return { start: this.#now(), left: { evidence: [], podStarts: [], traces: [] } };
  }

  #finish(spec: SpecIdentity, { start, left }: Running, how: SpecOutcome): void {
    const { events } = this.#options;
    const shared = { milliseconds: this.#now() - start, evidence: [...left.evidence] };
    const result = resultOf(how, shared);
    this.counts[how.outcome]++;
    if (left.podStarts.length > 0) events.emit({ kind: 'pods-started', starts: [...left.podStarts] });
    for (const trace of left.traces) events.emit({ kind: 'pod-traced', requirement: spec.id, trace });
    events.emit({ kind: 'spec-finished', spec, result });
  }
}

function resultOf(how: SpecOutcome, shared: Pick<SpecResult, 'milliseconds' | 'evidence'>): SpecResult {
  if (how.outcome === 'knownIssue') {
    const { outcome, issue, thrown } = how;
    return { ...shared, outcome, issue, error: failureOf(thrown) };
  }
  if (how.outcome !== 'failed') return { ...shared, ...how };
  const { outcome, thrown, diagnosis } = how;
  return { ...shared, outcome, error: { ...failureOf(thrown), ...(diagnosis !== undefined && { diagnosis }) } };
}

function unfinished(interruption: string | undefined, when: string): SpecOutcome {
  if (interruption) return stopped(interruption, when);
  return { outcome: 'failed', thrown: new Error('The spec was not run to its end, and nothing explains why.') };
}

function stopped(interruption: string, when: string): SpecOutcome {
  return { outcome: 'skipped', reason: `${interruption} ${when}` };
}
