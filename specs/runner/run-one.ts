import { setTimeout as after } from 'node:timers/promises';
import Mocha from 'mocha';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { asSpec, type CurrentSpec } from './current-spec.ts';
import { keepDiagnosis } from './keep-diagnosis.ts';
import { considerKnownIssue } from './known-issue.ts';
import { failureOf, wholeMessage } from './spec-failure.ts';
import type { SpecOutcome } from './tracker.ts';

/**
 * Milliseconds a spec has, once its time is up, to say what it was waiting for and to clean up: more than the removal of
 * an object may take. What it holds is the next spec's then.
 */
const lastWords = 150_000;

const skippedByItself = { outcome: 'skipped', reason: 'marked as skipped in the spec file, without a reason' } as const;

/** What a spec runs in: `over` aborts the spec's own signal, `stop` ends the run. */
interface SpecSurroundings {
  spec: CurrentSpec;
  over: AbortController;
  stop: AbortSignal;
  /** Version of the API server, such as `v1.37.2`. */
  kubernetes: string;
}

/**
 * Runs one spec, as the current one of everything it begins. When its time is up it is stopped, a little before
 * mocha gives up on it: a wait that is stopped says what it saw last, mocha only says how many milliseconds passed.
 * Resolves when the body is through, its clean-up included.
 */
export async function runSpec(
  declared: Mocha.Test,
  { spec, over, stop, kubernetes }: SpecSurroundings,
): Promise<SpecOutcome> {
  // A copy, because a spec may be run twice.
  const test = declared.clone();
  const context = new Mocha.Context();
  context.test = test;
  context.runnable(test);
  test.ctx = context;
  if (declared.parent) test.parent = declared.parent;
  if (test.isPending()) return skippedByItself;

  const settled = watchBody(test, over);
  const failed = await asSpec(
    spec,
    () =>
      new Promise<{ thrown: unknown } | undefined>((resolve) => {
        test.run((thrown?: unknown) => resolve(thrown ? { thrown } : undefined));
      }),
  );
  // Why the spec was stopped says more than mocha, which then gives up on it.
  if (failed && over.signal.aborted && isGivenUp(failed.thrown)) failed.thrown = over.signal.reason;
  over.abort(new Error('the spec is over'));
  // Mocha may have given up on the body; the next spec begins when it is through, or has had its time.
  const waited = new AbortController();
  await Promise.race([settled(), after(lastWords, undefined, { signal: waited.signal }).catch(() => {})]);
  waited.abort();
  if (test.isPending()) return skippedByItself;
  const outcome = considerKnownIssue(
    failed ? { outcome: 'failed', ...failed } : { outcome: 'passed' },
    spec,
    kubernetes,
  );
  if (outcome.outcome !== 'failed') return outcome;
  // A run that is being stopped reports its specs as skipped, and waits for none.
  const seen = wholeMessage(failureOf(outcome.thrown));
  const diagnosis = stop.aborted ? undefined : await keepDiagnosis(spec, { claimed: test.title, seen }, stop);
  return { ...outcome, ...(diagnosis !== undefined && { diagnosis }) };
}

function isGivenUp(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_MOCHA_TIMEOUT';
}

/** Puts a function around the spec's own that stops it in time; gives what settles when the spec's own has. */
function watchBody(test: Mocha.Test, controller: AbortController): () => Promise<void> {
  const body = test.fn as Mocha.AsyncFunc;
  const limit = test.timeout();
  if (limit > 0) test.timeout(limit + lastWords);
  let result: Promise<void> = Promise.resolve();
  test.fn = function (this: Mocha.Context): Promise<void> {
    const disarm = limit > 0 ? stopInTime(test, limit, controller) : () => {};
    const running = (async () => {
      try {
        await body.call(this);
      } finally {
        disarm();
        // Mocha would compare the wall clock with the limit, and that may have jumped meanwhile.
        test.timeout(0);
      }
    })();
    result = running.catch(() => {});
    return running;
  };
  return () => result;
}

/** Stops the spec after `limit` milliseconds, or after what its body has asked for with `this.timeout()` since. */
function stopInTime(test: Mocha.Test, limit: number, controller: AbortController): () => void {
  const start = performance.now();
  let granted = limit;
  const check = (): void => {
    const asked = test.timeout();
    if (asked === 0) return;
    if (asked !== granted + lastWords) {
      granted = asked;
      test.timeout(granted + lastWords);
    }
    const left = granted - (performance.now() - start);
    if (left > 1) timer = setTimeout(check, left).unref();
    else controller.abort(tooLong(granted));
  };
  let timer = setTimeout(check, limit).unref();
  return () => clearTimeout(timer);
}

function tooLong(limit: number): DomainError {
  return new DomainError(
    {
      attempted: 'running the spec to its end',
      seen: `not through after ${limit / 1000} s`,
      why: 'Every spec has a deadline, so that a run never hangs.',
    },
    { exit: 'doesNotConform' },
  );
}
