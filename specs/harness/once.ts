/** Work that is done at the first call and only then: what is undone by hand is not undone again at the end. */
export function once<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let under: Promise<Value> | undefined;
  return () => {
    under ??= work();
    return under;
  };
}
