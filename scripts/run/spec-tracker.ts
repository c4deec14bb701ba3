import { evidenceOf } from '../../specs/support/evidence.ts';
import type { EventStream, SpecFailure, SpecIdentity, SpecResult } from './events.ts';
import { failedAgain, failureOf, hookFailure } from './spec-failure.ts';

/** The parts of mocha's tests, suites and hooks that matter here. */
export interface SuiteNode {
  title: string;
  parent?: SuiteNode | undefined;
}

/** What is known of a hook when it fails. */
export interface FailedHook<T> {
  kind: 'before all' | 'before each' | 'after each' | 'after all';
  suite: SuiteNode;
  /** The test that an after-each hook was for. */
  test?: T | undefined;
  error: unknown;
}

type Draft = { outcome: 'passed' } | { outcome: 'failed'; error: SpecFailure } | { outcome: 'skipped'; reason: string };

interface Progress {
  identity: SpecIdentity;
  state: 'planned' | 'running' | 'told';
  start: number;
  milliseconds: number;
  /** Evidence that was there before the spec began: several specs may prove one requirement. */
  earlier: ReadonlySet<string>;
  draft?: Draft;
}

export interface TrackerOptions<T> {
  specs: ReadonlyMap<T, SpecIdentity>;
  events: EventStream;
  /** Report folder, where evidence is found. */
  folder: string;
  /** Why the run is being stopped, once it is. */
  interruption: () => string | undefined;
  /** Monotonic milliseconds. */
  now?: () => number;
}

/** How the specs ended. Failed hooks that belong to no single spec count as failed. */
export interface SpecCounts {
  planned: number;
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Turns what the runner reports, in its order, into one started and one finished event per spec. A result is told
 * when the hooks after the spec are through, because a failure of theirs is a failure of the spec. No spec is lost:
 * what the runner passes over is told at the end, with the hook or the interruption that kept it from running.
 */
export class SpecTracker<T extends { parent?: SuiteNode | undefined }> {
  readonly counts: SpecCounts;
  readonly #options: TrackerOptions<T>;
  readonly #now: () => number;
  readonly #progress: Map<T, Progress>;
  readonly #failedBefore: { suite: SuiteNode; name: string; error: unknown }[] = [];
  #open: T | undefined;
  #closed = false;

  constructor(options: TrackerOptions<T>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.counts = { planned: options.specs.size, passed: 0, failed: 0, skipped: 0 };
    const fresh = { state: 'planned', start: 0, milliseconds: 0, earlier: new Set<string>() } as const;
    this.#progress = new Map([...options.specs].map(([test, identity]) => [test, { identity, ...fresh }]));
  }

  planned(): void {
    this.#options.events.emit({ kind: 'specs-planned', count: this.counts.planned });
  }

  /** The runner says this twice for a spec whose before-each hook fails. */
  began(test: T): void {
    const progress = this.#progress.get(test);
    if (this.#closed || progress?.state !== 'planned') return;
    this.tellOpen();
    progress.state = 'running';
    progress.start = this.#now();
    progress.earlier = new Set(evidenceOf(this.#options.folder, progress.identity.id));
    this.#open = test;
    this.#options.events.emit({ kind: 'spec-started', spec: progress.identity });
  }

  passed(test: T): void {
    this.#draft(test, { outcome: 'passed' });
  }

  skipped(test: T, reason: string): void {
    this.began(test);
    this.#draft(test, { outcome: 'skipped', reason });
  }

  failed(test: T, thrown: unknown): void {
    const progress = this.#progress.get(test);
    if (!progress || progress.state === 'told') {
      this.failedOutside('UNCAUGHT', 'no error is thrown outside of a spec', thrown);
      return;
    }
    const hook = this.#hookBefore(test);
    const interruption = this.#options.interruption();
    if (hook) this.#draft(test, { outcome: 'failed', error: hookFailure(hook.name, hook.error) });
    else if (interruption) this.#draft(test, { outcome: 'skipped', reason: `${interruption} while it was running` });
    else this.#draft(test, { outcome: 'failed', error: failureOf(thrown) });
  }

  /** The spec itself is through; its hooks may follow. */
  ended(test: T): void {
    const progress = this.#progress.get(test);
    if (progress?.state === 'running') progress.milliseconds = this.#now() - progress.start;
  }

  hookFailed(hook: FailedHook<T>): void {
    const name = `the "${hook.kind}" hook of "${hook.suite.title || 'all specs'}"`;
    const draft = hook.test && this.#progress.get(hook.test)?.draft;
    if (hook.kind === 'before all' || hook.kind === 'before each') {
      // An interrupted hook is no failure; the specs it kept from running are told as interrupted.
      if (this.#options.interruption()) return;
      this.#failedBefore.push({ suite: hook.suite, name, error: hook.error });
    } else if (hook.kind === 'after each' && hook.test && draft) {
      // What comes after in this suite is not run any more, because of this hook.
      this.#failedBefore.push({ suite: hook.suite, name, error: hook.error });
      const error =
        draft.outcome === 'failed' ? failedAgain(draft.error, name, hook.error) : hookFailure(name, hook.error);
      this.#draft(hook.test, { outcome: 'failed', error });
    } else {
      this.failedOutside('HOOK', `${name} succeeds`, hook.error, hook.suite);
    }
  }

  /** A failure that belongs to no planned spec; it must not go unseen, so it is told as a spec of its own. */
  failedOutside(id: string, title: string, thrown: unknown, suite?: SuiteNode): void {
    if (this.#closed) return;
    this.tellOpen();
    const spec: SpecIdentity = { id, chapter: suite?.title || 'outside of specs', title, file: '' };
    const error = id === 'HOOK' ? { ...failureOf(thrown), hook: title } : failureOf(thrown);
    this.counts.failed++;
    this.#options.events.emit({ kind: 'spec-started', spec });
    const result: SpecResult = { outcome: 'failed', milliseconds: 0, evidence: [], error };
    this.#options.events.emit({ kind: 'spec-finished', spec, result });
  }

  /** Tells the result of the spec that ended last, if it is not told yet. Its hooks must be through. */
  tellOpen(): void {
    const progress = this.#open && this.#progress.get(this.#open);
    this.#open = undefined;
    if (progress?.state !== 'running') return;
    progress.state = 'told';
    const draft = progress.draft ?? this.#draftOfUnfinished('before it was through');
    this.counts[draft.outcome]++;
    const { identity: spec, milliseconds } = progress;
    const evidence = evidenceOf(this.#options.folder, spec.id).filter((path) => !progress.earlier.has(path));
    this.#options.events.emit({ kind: 'spec-finished', spec, result: { ...draft, milliseconds, evidence } });
  }

  /** Tells everything that is not told yet. Nothing is told after this. */
  close(): void {
    this.tellOpen();
    for (const [test, progress] of this.#progress) {
      if (progress.state !== 'planned') continue;
      this.began(test);
      const hook = this.#hookBefore(test);
      progress.draft = hook
        ? { outcome: 'failed', error: hookFailure(hook.name, hook.error) }
        : this.#draftOfUnfinished('before it began');
      this.tellOpen();
    }
    this.#closed = true;
  }

  #draft(test: T, draft: Draft): void {
    const progress = this.#progress.get(test);
    if (progress?.state === 'running') progress.draft = draft;
  }

  #draftOfUnfinished(when: string): Draft {
    const interruption = this.#options.interruption();
    if (interruption) return { outcome: 'skipped', reason: `${interruption} ${when}` };
    return { outcome: 'failed', error: { message: 'The spec was not run, and no hook that failed explains it.' } };
  }

  /** The hook, of a suite around the test, that kept it from running. */
  #hookBefore(test: T): { name: string; error: unknown } | undefined {
    // A draft from its own body means that the test did run.
    if (this.#progress.get(test)?.draft) return undefined;
    for (let suite = test.parent; suite; suite = suite.parent) {
      const hook = this.#failedBefore.find((candidate) => candidate.suite === suite);
      if (hook) return hook;
    }
    return undefined;
  }
}
