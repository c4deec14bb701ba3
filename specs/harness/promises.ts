/**
 * Returns a function that does the work at its first call, and returns the same promise at every later call: a change
 * that a spec has undone is not undone a second time at its end.
 */
export function once<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let begun: Promise<Value> | undefined;
  return () => {
    begun ??= work();
    return begun;
  };
}

/**
 * Returns what Promise.all returns, but throws only after all works have ended: no object is still being created when a
 * spec's namespace ends.
 */
export async function together<Works extends readonly Promise<unknown>[] | []>(
  works: Works,
): Promise<{ -readonly [Index in keyof Works]: Awaited<Works[Index]> }> {
  await Promise.allSettled(works);
  return await Promise.all(works);
}
