import { setTimeout as after } from 'node:timers/promises';
import { DomainError } from '../../clusters/domain-error.ts';
import { beginSpec, endSpec, stopSpec } from './current-spec.ts';
import { parseSpecTitle } from './spec-title.ts';
import { closeWorld } from './world.ts';

/** Milliseconds a spec has, once its time is up, to say what it was waiting for and to clean up. */
const lastWords = 30_000;

/** Settles when the body of the current spec has, whatever mocha thinks of it. */
let bodySettled: Promise<void> = Promise.resolve();

/**
 * Root hooks for mocha, in one process or in its workers. They make each spec the current one, and tell it to stop
 * when its time is up, a little before mocha gives up on it: a wait that is stopped says what it saw last, mocha
 * only says how many milliseconds have passed. The next spec begins when the body of the last one is through.
 */
export const mochaHooks = {
  beforeEach(this: Mocha.Context): void {
    const test = this.currentTest;
    if (!test) return;
    beginSpec(parseSpecTitle(test.title)?.id ?? test.title);
    watchBody(test);
  },

  async afterAll(this: Mocha.Context): Promise<void> {
    // Its own wait for the specs' namespaces ends first, with a reason.
    this.timeout(90_000);
    await closeWorld();
  },

  async afterEach(this: Mocha.Context): Promise<void> {
    endSpec();
    // This hook has a limit of its own, below.
    this.timeout(0);
    const settled = new AbortController();
    await Promise.race([bodySettled, after(lastWords, undefined, { signal: settled.signal }).catch(() => {})]);
    settled.abort();
  },
};

/** Puts a function around the spec's own that knows when it began and when it was through. */
function watchBody(test: Mocha.Runnable): void {
  const body = test.fn;
  // A spec that takes mocha's `done` callback is left alone: it returns nothing to wait for.
  if (!body || body.length > 0) return;
  const limit = test.timeout();
  if (limit > 0) test.timeout(limit + lastWords);
  test.fn = function (this: Mocha.Context): Promise<void> {
    const disarm = limit > 0 ? stopInTime(test, limit) : () => {};
    const result = (async () => {
      try {
        await (body as Mocha.AsyncFunc).call(this);
      } finally {
        disarm();
      }
    })();
    bodySettled = result.catch(() => {});
    return result;
  };
}

/** Stops the spec after `limit` milliseconds, or after what its body has asked for with `this.timeout()` since. */
function stopInTime(test: Mocha.Runnable, limit: number): () => void {
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
    else stopSpec(tooLong(granted));
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
