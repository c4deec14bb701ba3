/**
 * How much of each text may be shown so that all together keep to a budget: those that are small stay whole, the large
 * ones are cut at the same size. Sizes in bytes.
 * @param most no text gets more than this, however much room there is.
 */
export function fairShare(sizes: readonly number[], budget: number, most: number): number {
  let left = Math.max(0, budget);
  const ascending = sizes.toSorted((a, b) => a - b);
  for (const [index, size] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - index));
    if (size > share) return Math.min(most, share);
    left -= size;
  }
  return most;
}
