/**
 * Returns a function that does the work at its first call only, and returns the same promise at every later one: what a
 * spec has undone is not undone again at its end.
 */
export function once<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let begun: Promise<Value> | undefined;
  return () => {
    begun ??= work();
    return begun;
  };
}

/**
 * Returns what Promise.all returns, but throws only after all of the work has ended: nothing is still being created when
 * a spec's namespace ends.
 */
export async function together<Works extends readonly Promise<unknown>[] | []>(
  works: Works,
): Promise<{ -readonly [Index in keyof Works]: Awaited<Works[Index]> }> {
  await Promise.allSettled(works);
  return await Promise.all(works);
}
