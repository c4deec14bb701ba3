import type { Clock } from './clock.ts';

/** A clock for tests. It stands still until `advance` is called, and then calls back what is due, in order. */
export class ManualClock implements Clock {
  #elapsed = 0;
  readonly #start: number;
  #due: { at: number; callback: () => void }[] = [];

  constructor(start = '2026-11-23T12:00:00Z') {
    this.#start = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#start + this.#elapsed);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  schedule(milliseconds: number, callback: () => void): () => void {
    const entry = { at: this.#elapsed + milliseconds, callback };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((other) => other !== entry);
    };
  }

  /** The number of pending callbacks; a test of clean-up expects none. */
  get pending(): number {
    return this.#due.length;
  }

  /** Waits until the clock has advanced. Promises settle before and after each callback. */
  async advance(milliseconds: number): Promise<void> {
    const until = this.#elapsed + milliseconds;
    await settle();
    for (;;) {
      const next = this.#due.filter((entry) => entry.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#elapsed = Math.max(this.#elapsed, next.at);
      this.#due = this.#due.filter((entry) => entry !== next);
      next.callback();
      await settle();
    }
    this.#elapsed = until;
    await settle();
  }
}

/** Waits until every resolved promise has run its continuations. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
