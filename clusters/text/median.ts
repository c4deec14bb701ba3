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
