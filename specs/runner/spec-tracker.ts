import type { FailureDiagnosis } from '../diagnosis/failure-text.ts';
import type { EventStream, SpecFailure, SpecIdentity, SpecResult } from './events.ts';
import { evidenceOf } from './evidence.ts';
import { failureOf } from './spec-failure.ts';

/** How a spec's body ended. */
export type SpecOutcome =
  | { outcome: 'passed' }
  | { outcome: 'failed'; thrown: unknown; diagnosis?: FailureDiagnosis }
  | { outcome: 'skipped'; reason: string };

interface Running {
  start: number;
  /** Evidence that was there before the spec began: a spec may be run twice in one run. */
  earlier: ReadonlySet<string>;
}

export interface TrackerOptions {
  /** The specs that will run, each as often as it will. */
  planned: readonly SpecIdentity[];
  events: EventStream;
  /** Report folder, where evidence is found. */
  folder: string;
  /** Why the run is being stopped, once it is. */
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
}

/**
 * Turns the begin and end of specs, which may run side by side, into one started and one finished event each. No
 * spec is lost: what was not run, or not to its end, is told when the tracker is closed.
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
    this.counts = { planned: options.planned.length, passed: 0, failed: 0, skipped: 0 };
  }

  planned(order: { seed: number; jobs: number }): void {
    this.#options.events.emit({ kind: 'specs-planned', count: this.counts.planned, ...order });
  }

  began(spec: SpecIdentity): void {
    if (this.#closed || !this.#waiting.delete(spec)) return;
    const earlier = new Set(evidenceOf(this.#options.folder, spec.id));
    this.#running.set(spec, { start: this.#now(), earlier });
    this.#options.events.emit({ kind: 'spec-started', spec });
  }

  /** A spec that the run's end has stopped is told as skipped, whatever it threw. */
  ended(spec: SpecIdentity, how: SpecOutcome): void {
    const running = this.#running.get(spec);
    if (!running || this.#closed) return;
    this.#running.delete(spec);
    const interruption = how.outcome === 'failed' ? this.#options.interruption() : undefined;
    this.#tell(spec, running, interruption ? stopped(interruption, 'while it was running') : how);
  }

  /** A failure that belongs to no planned spec; it must not go unseen, so it is told as a spec of its own. */
  failedOutside(id: string, title: string, thrown: unknown): void {
    if (this.#closed) return;
    const spec: SpecIdentity = { id, chapter: 'outside of specs', title, file: '' };
    this.#options.events.emit({ kind: 'spec-started', spec });
    this.#tell(spec, { start: this.#now(), earlier: new Set() }, { outcome: 'failed', thrown });
  }

  /** Tells what is not told yet. Later reports of the runner count for nothing. */
  close(): void {
    if (this.#closed) return;
    const interruption = this.#options.interruption();
    for (const [spec, running] of this.#running) {
      this.#tell(spec, running, this.#unfinished(interruption, 'while it was running'));
    }
    for (const spec of this.#waiting) {
      this.#options.events.emit({ kind: 'spec-started', spec });
      this.#tell(spec, { start: this.#now(), earlier: new Set() }, this.#unfinished(interruption, 'before it began'));
    }
    this.#running.clear();
    this.#waiting.clear();
    this.#closed = true;
  }

  #unfinished(interruption: string | undefined, when: string): SpecOutcome {
    if (interruption) return stopped(interruption, when);
    return { outcome: 'failed', thrown: new Error('The spec was not run to its end, and nothing explains why.') };
  }

  #tell(spec: SpecIdentity, { start, earlier }: Running, how: SpecOutcome): void {
    const evidence = evidenceOf(this.#options.folder, spec.id).filter((path) => !earlier.has(path));
    const shared = { milliseconds: this.#now() - start, evidence };
    const result: SpecResult =
      how.outcome === 'failed'
        ? {
            ...shared,
            outcome: 'failed',
            error: { ...failureOf(how.thrown), ...diagnosisOf(how) } satisfies SpecFailure,
          }
        : { ...shared, ...how };
    this.counts[how.outcome]++;
    this.#options.events.emit({ kind: 'spec-finished', spec, result });
  }
}

function diagnosisOf({ diagnosis }: { diagnosis?: FailureDiagnosis }): Pick<SpecFailure, 'diagnosis'> {
  return diagnosis === undefined ? {} : { diagnosis };
}

function stopped(interruption: string, when: string): SpecOutcome {
  return { outcome: 'skipped', reason: `${interruption} ${when}` };
}
