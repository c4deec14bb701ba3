/** The bounds of a share, each from 0 to 1. */
export interface Interval {
  low: number;
  high: number;
}

/** 95 % of a normal distribution lies within this many standard deviations. */
const z95 = 1.959964;

/**
 * Returns the 95 % confidence interval of the share that `failures` of `trials` stands for, after Wilson (1927). Unlike
 * the usual one it is right for few trials, and where nothing failed: 0 of 20 means at most 16 %.
 * (https://www.itl.nist.gov/div898/handbook/prc/section2/prc241.htm)
 * @throws RangeError for no trials
 */
export function wilson(failures: number, trials: number): Interval {
  if (trials < 1 || failures < 0 || failures > trials) throw new RangeError(`${failures} of ${trials}`);
  const share = failures / trials;
  const spread = z95 ** 2 / trials;
  const center = share + spread / 2;
  const half = z95 * Math.sqrt((share * (1 - share)) / trials + spread / (4 * trials));
  // Rounding must not make a share of nothing negative.
  return { low: Math.max(0, (center - half) / (1 + spread)), high: Math.min(1, (center + half) / (1 + spread)) };
}

/** How a figure changes from one measurement to the next. */
export interface Slope {
  /** By least squares, in units of the figure for each measurement. */
  slope: number;
  /** The standard error of the slope. */
  error: number;
}

/**
 * Returns the line of least squares through figures that were measured one after the other. Undefined for fewer than
 * three, whose error is unknown.
 */
export function slopeOf(figures: readonly number[]): Slope | undefined {
  return figures.length < 3 ? undefined : regression(figures.map((figure, index) => [index, figure]));
}

/** Returns the slope of y over x of at least three points. */
export function regression(points: readonly (readonly [x: number, y: number])[]): Slope {
  const count = points.length;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / count;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const sum = (of: (x: number, y: number) => number) => points.reduce((total, [x, y]) => total + of(x, y), 0);
  const squares = sum((x) => (x - meanX) ** 2);
  const slope = sum((x, y) => (x - meanX) * (y - meanY)) / squares;
  const residuals = sum((x, y) => (y - meanY - slope * (x - meanX)) ** 2);
  return { slope, error: Math.sqrt(residuals / (count - 2) / squares) };
}

/**
 * Whether a figure grows: its slope is above nothing by more than three standard errors. Of figures that only vary, one
 * in some hundreds looks like that.
 */
export function grows({ slope, error }: Slope): boolean {
  return slope > 0 && slope > 3 * error;
}
