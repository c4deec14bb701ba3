import type { Clock } from '../../clusters/api/clock.ts';

/** How arrivals came, compared with their schedule. */
export interface Arrivals {
  /** Milliseconds that each was sent after its time, in the order of the schedule. */
  lateness: number[];
  /** The most requests that were under way at once. */
  mostInFlight: number;
}

/** Returns when each of `count` arrivals is due, in milliseconds from the first, `rate` a second at equal distances. */
export function dueTimes(count: number, rate: number): number[] {
  return Array.from({ length: count }, (_, index) => (index * 1_000) / rate);
}

/**
 * Sends each arrival at its time, and waits until all have been answered. The schedule waits for no answer: where the
 * cluster is slow, requests pile up, as those of users would. An arrival that could not be sent in time is sent as soon
 * as possible, and is late.
 * @throws the first error of `send`, or the signal's reason; what is due later is then not sent
 */
export function arriveOnSchedule(
  { due, clock, signal }: { due: readonly number[]; clock: Clock; signal: AbortSignal },
  send: (index: number) => Promise<void>,
): Promise<Arrivals> {
  const begun = clock.monotonic();
  const result: Arrivals = { lateness: [], mostInFlight: 0 };
  let inFlight = 0;
  return new Promise((resolve, reject) => {
    let cancel = () => {};
    let open = true;
    const settle = (finish: () => void) => {
      if (!open) return;
      open = false;
      cancel();
      signal.removeEventListener('abort', aborted);
      finish();
    };
    const aborted = () => settle(() => reject(signal.reason));
    const settleIfAll = () => {
      if (inFlight === 0 && result.lateness.length === due.length) settle(() => resolve(result));
    };
    const sendOne = (index: number) => {
      inFlight += 1;
      result.mostInFlight = Math.max(result.mostInFlight, inFlight);
      send(index).then(
        () => {
          inFlight -= 1;
          settleIfAll();
        },
        (error: unknown) => settle(() => reject(error)),
      );
    };
    const sendDue = () => {
      for (;;) {
        const index = result.lateness.length;
        const time = due[index];
        if (!open || time === undefined) return settleIfAll();
        const late = clock.monotonic() - begun - time;
        if (late < 0) {
          cancel = clock.schedule(-late, sendDue);
          return;
        }
        result.lateness.push(late);
        sendOne(index);
      }
    };
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    else sendDue();
  });
}

/** Requests that are under way at once where a storm sets up or clears away: as fast as the API server answers. */
const lanes = 32;

/** Waits until all work is done, some of it at the same time. @throws the first error */
export async function inLanes<T>(items: Iterable<T>, work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const lane = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
