import { DomainError, type ErrorDetails, messageOf } from '../errors/domain-error.ts';
import { duration } from '../text/duration.ts';
import { type ObjectRef, titleOf } from './kinds.ts';
import type { StoreView } from './object-history.ts';
import { stateOf } from './object-state.ts';
import type { OngoingFault } from './object-store.ts';

/** The part of the object store that waits read. A test may pass an `ObjectHistory` without faults. */
export interface WaitedStore extends StoreView {
  readonly failure?: DomainError | undefined;
  readonly faults?: readonly OngoingFault[];
  confirm?(options: { signal?: AbortSignal }): Promise<void>;
}

export interface WaitOptions<Value> {
  /** What is awaited, to follow "waiting for": `claim demo/x to be bound`. */
  what: string;
  /** The objects that are involved. A time-out shows their last states. */
  on?: readonly ObjectRef[];
  /** Deadline in milliseconds. */
  within: number;
  signal?: AbortSignal | undefined;
  /**
   * Returns the awaited value, or undefined or false while it is absent. An error ends the wait: throw a `DomainError`
   * for a state that can never become right.
   */
  until: (store: StoreView) => Value | undefined | false;
  /** Returns why it did not happen, from the store at the deadline. */
  explain?: ((store: StoreView) => Explanation) | undefined;
}

/** Why something did not happen: a text, or a diagnosis with its conclusion. */
export type Explanation = string | Pick<ErrorDetails, 'why' | 'conclusion'>;

/** A wait reached its deadline. Its details have the last states of the objects and, if available, the diagnosis. */
export class WaitTimedOut extends DomainError {
  override readonly name = 'WaitTimedOut';
}

/** Something happened within a window in which nothing should happen. */
export class NotConsistent extends DomainError {
  override readonly name = 'NotConsistent';
}

/**
 * Waits until `until` returns a value, and returns it. Evaluates `until` at once and after every change in the store.
 * Never polls.
 * @throws WaitTimedOut, the signal's reason, the store's failure, or an error of `until`
 */
export function waitFor<Value>(store: WaitedStore, options: WaitOptions<Value>): Promise<Value> {
  const { within, signal, until } = options;
  const look = () => until(store);
  return lookAtChanges(store, { within, signal }, look, () => {
    throw timedOut(store, options);
  });
}

export interface ConsistentlyOptions {
  /** What is to stay unchanged, to follow "watching that": `claim demo/x stays Pending`. */
  what: string;
  on?: readonly ObjectRef[];
  /** The length of the window in milliseconds from now. */
  window: number;
  signal?: AbortSignal | undefined;
  /** Returns what happened, in words or as an object; undefined or false while nothing has. */
  unless: (store: StoreView) => unknown;
}

/**
 * Waits for the end of a window in which nothing may happen. Evaluates the store at once, after each change, and at the
 * end after a new list of everything, because a broken watch is silent too.
 * @throws NotConsistent at the first thing that happens
 */
export async function consistently(store: WaitedStore, options: ConsistentlyOptions): Promise<void> {
  const { what, on = [], window, signal, unless } = options;
  const began = store.clock.monotonic();
  const check = (): undefined => {
    const happened = unless(store);
    if (happened === undefined || happened === false) return undefined;
    throw new NotConsistent({
      attempted: `watching that ${what}, for ${duration(window)}`,
      on: on.map(titleOf).join(', '),
      seen: [
        `after ${duration(store.clock.monotonic() - began)}${typeof happened === 'string' ? `: ${happened}` : ''}`,
        ...on.map((ref) => lastState(store, ref)),
      ].join('\n'),
      why: 'this was not to happen',
    });
  };
  await lookAtChanges(store, { within: window, signal }, check, () => true);
  await store.confirm?.(signal ? { signal } : {});
  check();
}

/** What changes: the object store, or something else with a watch. */
export interface Changing extends Pick<StoreView, 'clock' | 'onChange'> {
  /** Why nothing will change any longer. */
  readonly failure?: unknown;
}

/**
 * Waits until `look` finds something, the signal aborts, or the time is over. Looks at once and after each change.
 * @throws the failure of what changes, the signal's reason, or an error of `look` or `atDeadline`
 */
export function lookAtChanges<Value>(
  changing: Changing,
  { within, signal }: { within: number; signal: AbortSignal | undefined },
  look: () => Value | undefined | false,
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
        if (changing.failure) throw changing.failure;
        return look();
      });
    const aborted = (): void => settle(() => reject(signal?.reason));
    const cancel = changing.clock.schedule(within, () => attempt(atDeadline));
    const unsubscribe = changing.onChange(() => open && check());
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

/** Returns the explanation. A broken diagnosis must not hide the time-out. */
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

/** Returns the last state of an object, its age, and the number of observed changes. */
function lastState(store: StoreView, ref: ObjectRef): string {
  const history = store.history(ref);
  const last = history.at(-1);
  if (!last) return `${titleOf(ref)}: not there, and never was`;
  const ago = duration(store.clock.monotonic() - last.monotonic);
  const changes = `${history.length} ${history.length === 1 ? 'change' : 'changes'} seen`;
  if (last.type === 'DELETED') return `${titleOf(ref)}: deleted ${ago} ago, was ${stateOf(last.object)}; ${changes}`;
  return `${titleOf(ref)}: ${stateOf(last.object)}; last changed ${ago} ago; ${changes}`;
}

/** Returns what to do. More time helps only if something still changes. */
function remedyFor(store: StoreView, on: readonly ObjectRef[], within: number): string {
  const moments = on.flatMap((ref) => store.history(ref).slice(-1)).map((seen) => seen.monotonic);
  const still = store.clock.monotonic() - Math.max(...moments);
  return moments.length > 0 && still < within / 4
    ? 'it was still changing: on a slower machine, allow more time'
    : 'nothing moves any more, so more time will not help: change what is named above';
}
