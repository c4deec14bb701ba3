import type { StoreView } from '../../clusters/api/object-history.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { DomainError, type ErrorDetails } from '../../clusters/errors/domain-error.ts';
import { diagnose, explanationBy } from '../diagnosis/diagnosis.ts';
import { currentSpec, waitLimit } from '../runner/current-spec.ts';
import type { Handle } from './handles.ts';

/**
 * Milliseconds that an awaited outcome may take. The processors of a busy machine are shared by many specs, the scheduler
 * pauses for up to 10 s between two attempts, the controller of volumes for 15 s between two rounds, and kubelet for half a
 * minute after a few vain attempts to mount.
 */
const patience = 90_000;

export interface Within {
  /** Milliseconds. */
  within?: number;
}

/**
 * Waits until `until` returns something for the objects as last seen; returns that. Use it where `expect` has no word.
 * @throws WaitTimedOut with the state that the object was in, and why it did not get further
 * @example
 * const node = await eventually(pod, `${pod} to be scheduled`, (store) => store.get(pod.ref)?.spec?.nodeName);
 */
export async function eventually<Value>(
  subject: Handle,
  what: string,
  until: (store: StoreView) => Value | undefined | false,
  { within = patience, also = [] }: Within & { also?: readonly Handle[] } = {},
): Promise<Value> {
  return await waitFor(subject.store, {
    what,
    on: [subject, ...also].map(({ ref }) => ref),
    within: waitLimit(within),
    signal: currentSpec().signal,
    explain: (store) => explanationBy(diagnose(store, subject.ref)),
    until,
  });
}

/** Returns the error that ends a wait at once: the object can no longer reach the awaited state. */
export function contradiction(subject: Handle, what: string): DomainError {
  const { why, ...conclusion } = explanationBy(diagnose(subject.store, subject.ref));
  return final(what, { seen: why, ...conclusion });
}

/** Returns the error about a state that no further event can correct. */
export function final(attempted: string, details: Pick<ErrorDetails, 'seen' | 'conclusion'>): DomainError {
  return new DomainError(
    { attempted, ...details, why: 'that is final: no further event can make it right' },
    { exit: 'doesNotConform' },
  );
}
