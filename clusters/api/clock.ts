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

/** Resolves after `milliseconds` of `clock`, or as soon as `signal` aborts. Never rejects. */
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

/** Returns a duration in words: `0.4 s`, `31 s`, `2 min 5 s`, `1 h 3 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
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
