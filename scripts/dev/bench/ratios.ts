import { median } from '../../../clusters/text/collections.ts';

/** How a figure of one version relates to that of another, from pairs that were measured in turns. */
export interface Ratio {
  /** The middle of the pairs' ratios: 1.05 is 5 % more than before. */
  median: number;
  /** Bounds between which the true median lies with at least 95 %, whatever its distribution. */
  low: number;
  high: number;
  rounds: number;
  /** Rounds after which bounds are narrow enough to tell this much more from no difference, by the spread of these. */
  needed: number;
}

/** With fewer pairs, all of them on one side happens by chance more often than in one of twenty cases. */
export const leastRounds = 6;

/** The difference that a comparison is made for: 5 %. */
const wanted = 0.05;

/** 95 % of a normal distribution lies within this many standard deviations. */
const z95 = 1.959964;

/**
 * Returns how figures relate to those measured beside them, round by round. The bounds are those of the sign test: order
 * statistics of the ratios (https://www.itl.nist.gov/div898/handbook/prc/section2/prc262.htm).
 * @throws RangeError for fewer than six pairs
 */
export function pairedRatio(now: readonly number[], before: readonly number[]): Ratio {
  const ratios = now.map((figure, round) => figure / (before[round] ?? Number.NaN)).sort((a, b) => a - b);
  const rounds = ratios.length;
  if (rounds < leastRounds) throw new RangeError(`${rounds} pairs`);
  const outside = signTestRank(rounds) - 1;
  return {
    median: median(ratios),
    low: ratios[outside] ?? Number.NaN,
    high: ratios[rounds - 1 - outside] ?? Number.NaN,
    rounds,
    needed: roundsToSee(wanted, ratios),
  };
}

/** Returns which of so many sorted figures, counted from either end, are bounds of their median with at least 95 %. */
function signTestRank(count: number): number {
  // How probable it is that fewer than `rank` figures are on one side of the median.
  let below = 0;
  let exactly = 0.5 ** count;
  for (let rank = 0; ; rank++) {
    below += exactly;
    if (2 * below > 0.05) return rank;
    exactly *= (count - rank) / (rank + 1);
  }
}

/** Returns for how many rounds the bounds of a median reach as far as this difference, were the ratios log-normal. */
function roundsToSee(difference: number, ratios: readonly number[]): number {
  const logs = ratios.map(Math.log);
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const deviation = Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1));
  // The standard error of a median is √(π/2) times that of a mean.
  const error = Math.sqrt(Math.PI / 2) * deviation;
  return Math.max(leastRounds, Math.ceil(((z95 * error) / Math.log1p(difference)) ** 2));
}

/** Returns what a ratio shows, where a difference counts that is greater than the margin, such as 0.05. */
export function judge(
  { low, high }: Pick<Ratio, 'low' | 'high'>,
  margin: number,
): 'slower' | 'faster' | 'same' | 'unclear' {
  const [most, least] = [1 + margin, 1 / (1 + margin)];
  if (low > most) return 'slower';
  if (high < least) return 'faster';
  return low >= least && high <= most ? 'same' : 'unclear';
}
