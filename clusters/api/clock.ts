import { performance } from 'node:perf_hooks';

/** Where time comes from. Waits, watch loops and ages take a clock, so that a test can turn it by hand. */
export interface Clock {
  /** The wall clock, for what a reader compares with Kubernetes' own timestamps. Never for durations. */
  now(): Date;
  /** Milliseconds from an arbitrary start that only ever grow, for durations and deadlines. */
  monotonic(): number;
  /** Calls back once after `milliseconds`; the function returned cancels it. */
  schedule(milliseconds: number, callback: () => void): () => void;
}

/** The machine's own clocks. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  schedule(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `milliseconds` of `clock`, or as soon as `signal` aborts. It never rejects. */
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

/** A duration as a reader says it: `0.4 s`, `31 s`, `2 min 5 s`, `1 h 3 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How long to wait before each further attempt. */
export interface BackoffPolicy {
  /** Milliseconds before the first repetition. */
  first: number;
  /** Each further wait is this many times longer. */
  factor: number;
  /** No wait is longer than this, in milliseconds. */
  longest: number;
}

/** Yields the waits of the policy, in milliseconds, without end. A fresh generator starts from the beginning. */
export function* waits({ first, factor, longest }: BackoffPolicy): Generator<number, never> {
  for (let next = first; ; next *= factor) {
    next = Math.min(next, longest);
    yield next;
  }
}
