import pRetry from 'p-retry';
import type { Progress } from '../text/progress.ts';

/**
 * Repeats work that lost a race. Nodes share the kernel's loop devices, so two nodes may pick the same free one; a list
 * in an object may be replaced while it is read. Reports every repetition to `progress`.
 * @throws the error of the last attempt
 */
export async function despiteLostRace<Value>(
  attempt: () => Promise<Value>,
  of: {
    /** What is attempted, such as "mounting /mnt/disks/volA on node2". */
    what: string;
    /** Whether an attempt failed because it lost the race. */
    lost: (error: Error) => boolean;
    progress: Progress;
    signal?: AbortSignal | undefined;
    /** How often it is repeated, after 50 ms and then twice as long each time; 5 where not given. */
    retries?: number;
  },
): Promise<Value> {
  const { what, lost, progress, signal, retries = 5 } = of;
  return await pRetry(attempt, {
    retries,
    minTimeout: 50,
    factor: 2,
    shouldRetry: ({ error }) => lost(error),
    onFailedAttempt: ({ error, attemptNumber, retriesLeft }) => {
      if (retriesLeft > 0 && lost(error)) progress.retried(what, attemptNumber, error.message);
    },
    ...(signal === undefined ? {} : { signal }),
  });
}
