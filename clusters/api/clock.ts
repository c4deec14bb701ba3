import { performance } from 'node:perf_hooks';

/** The source of time. Waits, watch loops and ages take a clock, so that a test can advance it by hand. */
export interface Clock {
  /** The wall clock, to compare with Kubernetes' own timestamps. Not for durations. */
  now(): Date;
  /** Milliseconds since an arbitrary start, never decreasing. For durations and deadlines. */
  monotonic(): number;
  /** Calls back once after `milliseconds`. Returns a function that cancels the call. */
  schedule(milliseconds: number, callback: () => void): () => void;
}

/** The clocks of this machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  schedule(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Waits for `milliseconds` of `clock`, or until `signal` aborts. Never rejects. */
export function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = (): void => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.schedule(milliseconds, finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}

/** The delays between attempts. */
export interface BackoffPolicy {
  /** Milliseconds before the first repetition. */
  first: number;
  /** The factor by which each delay is longer than the one before. */
  factor: number;
  /** The longest delay in milliseconds. */
  longest: number;
}

/** Yields the delays of the policy in milliseconds, without end. Each generator starts with the first delay. */
export function* waits({ first, factor, longest }: BackoffPolicy): Generator<number, never> {
  for (let next = first; ; next *= factor) {
    next = Math.min(next, longest);
    yield next;
  }
}
