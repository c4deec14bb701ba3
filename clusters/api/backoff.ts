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
