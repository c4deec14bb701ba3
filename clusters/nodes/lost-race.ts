import pRetry from 'p-retry';
import type { Progress } from '../text/progress.ts';

/**
 * Does work anew where another was quicker: nodes share the kernel's loop devices, so two may pick the same free one;
 * and a list of an object is replaced as it was read. Every further attempt is told. @throws what the last one threw
 */
export async function despiteLostRace<Value>(
  attempt: () => Promise<Value>,
  of: {
    /** What is done, such as "mounting /mnt/disks/volA on node2". */
    what: string;
    /** Whether an attempt failed because of that, and nothing else. */
    lost: (error: Error) => boolean;
    progress: Progress;
    signal?: AbortSignal | undefined;
  },
): Promise<Value> {
  const { what, lost, progress, signal } = of;
  return await pRetry(attempt, {
    retries: 5,
    minTimeout: 50,
    factor: 2,
    shouldRetry: ({ error }) => lost(error),
    onFailedAttempt: ({ error, attemptNumber, retriesLeft }) => {
      if (retriesLeft > 0 && lost(error)) progress.retried(what, attemptNumber, error.message);
    },
    ...(signal === undefined ? {} : { signal }),
  });
}
