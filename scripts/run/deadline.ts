import { setMaxListeners } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { DomainError } from '../../clusters/errors/domain-error.ts';

/** What bounds a piece of work. All times in milliseconds. */
export interface Bounds {
  /** Shown in the error, such as "Creating the cluster". */
  title: string;
  deadline: number;
  /** How long the work may take to stop once it was aborted; after that it is not waited for. */
  grace: number;
  /** Aborting this stops the work early. */
  signal?: AbortSignal;
  /** What the work said last; quoted when it takes too long. */
  lastNote?: () => string | undefined;
}

/**
 * Runs work under a deadline. Its signal is aborted when the deadline passes or when `bounds.signal` is; work that
 * does not stop within the grace is left alone. Rejects with a DomainError that names the deadline, with the
 * signal's reason, or with what the work threw.
 */
export async function withDeadline<T>(work: (signal: AbortSignal) => Promise<T>, bounds: Bounds): Promise<T> {
  bounds.signal?.throwIfAborted();
  const controller = new AbortController();
  // Each command and wait of the work listens: Node takes more than ten listeners for a leak.
  setMaxListeners(0, controller.signal);
  const stop = (reason: unknown): void => controller.abort(reason);
  const forward = (): void => stop(bounds.signal?.reason);
  bounds.signal?.addEventListener('abort', forward, { once: true });
  const late = new DOMException(`${bounds.title}: the deadline of ${bounds.deadline} ms has passed`, 'TimeoutError');
  const timer = setTimeout(() => stop(late), bounds.deadline);
  const settled = new AbortController();
  try {
    return await Promise.race([work(controller.signal), givenUp(controller.signal, bounds.grace, settled.signal)]);
  } catch (error) {
    // Work that was aborted rejects with all sorts of errors; why it had to stop is what counts.
    const reason: unknown = controller.signal.reason;
    if (reason === late && error instanceof DomainError) throw tooLate(bounds, error);
    throw reason === late ? tooLate(bounds) : controller.signal.aborted ? reason : error;
  } finally {
    clearTimeout(timer);
    settled.abort();
    bounds.signal?.removeEventListener('abort', forward);
  }
}

/** Rejects once the signal has been aborted for longer than the grace; pending until then. */
async function givenUp(signal: AbortSignal, grace: number, settled: AbortSignal): Promise<never> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  // The work may settle during the grace; the race then no longer listens, and the timer must not hold the process.
  await after(grace, undefined, { signal: settled }).catch(() => {});
  throw signal.reason;
}

/** What the work itself says about where it was, when it was stopped, is the best account there is: it is quoted. */
function tooLate(bounds: Bounds, own?: DomainError): DomainError {
  const note = bounds.lastNote?.();
  const seen = [`not done after ${bounds.deadline / 1000} s${note ? `; last: ${note}` : ''}`, own?.message];
  return new DomainError(
    {
      attempted: bounds.title,
      seen: seen.filter(Boolean).join('\n'),
      why: 'Every step has a deadline, so that a run never hangs.',
      remedy:
        'e2e.log in the report folder says what the step did; on a busy machine, stop other programs and try again.',
    },
    { cause: own },
  );
}
