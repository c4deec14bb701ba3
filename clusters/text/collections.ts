/**
 * Returns values grouped by their keys, in the order of the first value of each key. Own code: Node 20 has no
 * `Map.groupBy`.
 */
export function grouped<T, K>(values: Iterable<T>, keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

/** Returns the value below which this part (0 to 1) of the values lies, interpolated; NaN where there are no values. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Returns the middle value, or the mean of the two in the middle; NaN where there are no values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
