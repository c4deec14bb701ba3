import type { ChildProcess } from 'node:child_process';
import { type InterruptSignal, interruptSignals } from '../../run/signals.ts';

/** The part of `process` that is needed; a unit test gives its own. */
interface SignalSource {
  on(signal: InterruptSignal, listener: () => void): unknown;
  off(signal: InterruptSignal, listener: () => void): unknown;
}

/**
 * Signals that interrupt, while stages run. The first aborts the signal. Each one is passed on to the child that has the
 * word: it undoes what it made, and decides itself what a further signal means.
 */
export class Interruptions implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners: readonly (readonly [InterruptSignal, () => void])[];
  readonly #source: SignalSource;
  #child: Pick<ChildProcess, 'kill'> | undefined;

  constructor(source: SignalSource) {
    this.#source = source;
    this.#listeners = interruptSignals.map((signal) => [
      signal,
      () => {
        this.#controller.abort(new Error(`interrupted by ${signal}`));
        this.#child?.kill(signal);
      },
    ]);
    for (const [signal, listener] of this.#listeners) source.on(signal, listener);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Passes signals on to a child until it has ended. */
  passOnTo<Child extends Pick<ChildProcess, 'kill' | 'once'>>(child: Child): Child {
    this.#child = child;
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    return child;
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) this.#source.off(signal, listener);
  }
}
