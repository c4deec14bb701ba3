/** Returns a function that does the work at its first call only: what is undone by hand is not undone again at the end. */
export function once<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let under: Promise<Value> | undefined;
  return () => {
    under ??= work();
    return under;
  };
}

/**
 * Waits for all of them, also where one fails, and then fails as the first did: nothing is still being made when a
 * namespace ends. Otherwise as Promise.all.
 */
export async function together<Works extends readonly Promise<unknown>[] | []>(
  works: Works,
): Promise<{ -readonly [Index in keyof Works]: Awaited<Works[Index]> }> {
  await Promise.allSettled(works);
  return await Promise.all(works);
}
