import { DomainError, type ErrorDetails, messageOf } from '../errors/domain-error.ts';
import { duration } from './clock.ts';
import { type ObjectRef, titleOf } from './kinds.ts';
import type { StoreView } from './object-history.ts';
import { stateOf } from './object-state.ts';
import type { OngoingFault } from './object-store.ts';

/** The part of the object store that waits read; a test may give an `ObjectHistory` with no faults. */
export interface WaitedStore extends StoreView {
  readonly failure?: DomainError | undefined;
  readonly faults?: readonly OngoingFault[];
  confirm?(options: { signal?: AbortSignal }): Promise<void>;
}

export interface WaitOptions<Value> {
  /** What is waited for, to follow "waiting for": `claim demo/x to be bound`. */
  what: string;
  /** The objects it is about; a time-out shows their last states. */
  on?: readonly ObjectRef[];
  /** Deadline in milliseconds. */
  within: number;
  signal?: AbortSignal | undefined;
  /**
   * Looks at the store, and returns the value waited for, or undefined or false while it is not there. What it throws
   * ends the wait: throw a `DomainError` for a state that can never become right.
   */
  until: (store: StoreView) => Value | undefined | false;
  /** Says why it did not happen, from the store as it is at the deadline. */
  explain?: ((store: StoreView) => Explanation) | undefined;
}

/** Why something did not happen: a text, or a diagnosis with what it concludes. */
export type Explanation = string | Pick<ErrorDetails, 'why' | 'conclusion'>;

/** A wait reached its deadline. Its details have the last states of the objects and, where given, the diagnosis. */
export class WaitTimedOut extends DomainError {
  override readonly name = 'WaitTimedOut';
}

/** Something happened in a time in which nothing was to happen. */
export class NotQuiet extends DomainError {
  override readonly name = 'NotQuiet';
}

/**
 * Resolves with the first value that `until` finds: at once, or after a change in the store. It never polls.
 * Rejects with `WaitTimedOut`, the signal's reason, the store's failure, or what `until` threw.
 */
export function waitFor<Value>(store: WaitedStore, options: WaitOptions<Value>): Promise<Value> {
  return watchStore(store, options.within, options.signal, options.until, () => {
    throw timedOut(store, options);
  });
}

export interface QuietOptions {
  /** What is to stay as it is, to follow "watching that": `claim demo/x stays Pending`. */
  what: string;
  on?: readonly ObjectRef[];
  /** How long nothing may happen, in milliseconds from now. */
  window: number;
  signal?: AbortSignal | undefined;
  /** Returns what happened, in words or as an object, or undefined or false while all is quiet. */
  unless: (store: StoreView) => unknown;
}

/**
 * Proves that nothing happens within a window: looks now, after each change, and once more after a fresh list of
 * everything at the end, because a watch that broke is quiet too. Throws `NotQuiet` at the first thing that happens.
 */
export async function quietFor(store: WaitedStore, options: QuietOptions): Promise<void> {
  const { what, on = [], window, signal, unless } = options;
  const began = store.clock.monotonic();
  const check = (): undefined => {
    const happened = unless(store);
    if (happened === undefined || happened === false) return undefined;
    throw new NotQuiet({
      attempted: `watching that ${what}, for ${duration(window)}`,
      on: on.map(titleOf).join(', '),
      seen: [
        `after ${duration(store.clock.monotonic() - began)}${typeof happened === 'string' ? `: ${happened}` : ''}`,
        ...on.map((ref) => lastState(store, ref)),
      ].join('\n'),
      why: 'this was not to happen',
    });
  };
  await watchStore(store, window, signal, check, () => true);
  await store.confirm?.(signal ? { signal } : {});
  check();
}

/** Looks at the store now and after each change, until it finds something, it is aborted, or the time is over. */
function watchStore<Value>(
  store: WaitedStore,
  within: number,
  signal: AbortSignal | undefined,
  look: (store: StoreView) => Value | undefined | false,
  atDeadline: () => Value,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    let open = true;
    const settle = (finish: () => void): void => {
      if (!open) return;
      open = false;
      cancel();
      unsubscribe();
      signal?.removeEventListener('abort', aborted);
      finish();
    };
    const attempt = (step: () => Value | undefined | false): void => {
      try {
        const value = step();
        if (value !== undefined && value !== false) settle(() => resolve(value));
      } catch (error) {
        settle(() => reject(error));
      }
    };
    const check = (): void =>
      attempt(() => {
        if (store.failure) throw store.failure;
        return look(store);
      });
    const aborted = (): void => settle(() => reject(signal?.reason));
    const cancel = store.clock.schedule(within, () => attempt(atDeadline));
    const unsubscribe = store.onChange(() => open && check());
    signal?.addEventListener('abort', aborted);
    if (signal?.aborted) aborted();
    else check();
  });
}

function timedOut<Value>(store: WaitedStore, { what, on = [], within, explain }: WaitOptions<Value>): WaitTimedOut {
  const faults = (store.faults ?? []).map(
    ({ kind, fault, since }) =>
      `the watch of ${kind} has been failing for ${duration(store.clock.monotonic() - since)} (${fault.message}); what is shown may be old`,
  );
  return new WaitTimedOut({
    attempted: `waiting for ${what}, at most ${duration(within)}`,
    on: on.map(titleOf).join(', '),
    seen: [...on.map((ref) => lastState(store, ref)), ...faults].join('\n'),
    ...(explain && explained(explain, store)),
    remedy: remedyFor(store, on, within),
  });
}

/** A broken diagnosis must not hide the time-out. */
function explained(
  explain: (store: StoreView) => Explanation,
  store: StoreView,
): Pick<ErrorDetails, 'why' | 'conclusion'> {
  try {
    const explanation = explain(store);
    return typeof explanation === 'string' ? { why: explanation } : explanation;
  } catch (error) {
    return { why: `(the diagnosis failed: ${messageOf(error)})` };
  }
}

/** The last state of an object, how long ago it came about, and how many changes were seen. */
function lastState(store: StoreView, ref: ObjectRef): string {
  const history = store.history(ref);
  const last = history.at(-1);
  if (!last) return `${titleOf(ref)}: not there, and never was`;
  const ago = duration(store.clock.monotonic() - last.monotonic);
  const changes = `${history.length} ${history.length === 1 ? 'change' : 'changes'} seen`;
  if (last.type === 'DELETED') return `${titleOf(ref)}: deleted ${ago} ago, was ${stateOf(last.object)}; ${changes}`;
  return `${titleOf(ref)}: ${stateOf(last.object)}; last changed ${ago} ago; ${changes}`;
}

/** More time helps what still moves, and only that. */
function remedyFor(store: StoreView, on: readonly ObjectRef[], within: number): string {
  const moments = on.flatMap((ref) => store.history(ref).slice(-1)).map((seen) => seen.monotonic);
  const still = store.clock.monotonic() - Math.max(...moments);
  return moments.length > 0 && still < within / 4
    ? 'it was still changing: on a slower machine, allow more time'
    : 'nothing moves any more, so more time will not help: change what is named above';
}
