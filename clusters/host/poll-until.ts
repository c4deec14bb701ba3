import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks until there is an answer, for things that send no event when they change.
 * @returns the answer, or what was seen last where `within` milliseconds passed without one
 * @throws the signal's reason, or what a look throws: an error is not "not yet"
 */
export async function pollUntil<Answer, Seen>(
  look: () => Promise<{ answer: Answer } | { notYet: Seen }>,
  { within, every, signal }: { within: number; every: number; signal?: AbortSignal | undefined },
): Promise<{ answer: Answer } | { notYet: Seen }> {
  const deadline = performance.now() + within;
  for (;;) {
    signal?.throwIfAborted();
    const seen = await look();
    if ('answer' in seen || performance.now() + every > deadline) return seen;
    await sleep(every, undefined, { signal }).catch(() => {});
  }
}
