import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for the answer of `look`, which is called every `every` milliseconds. For things that send no event when they
 * change.
 * @returns the answer, or the last observation if `within` milliseconds passed without an answer
 * @throws the signal's reason, or an error of `look`: an error does not mean "not yet"
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
