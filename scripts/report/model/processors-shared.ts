/** A share of the processors' time that makes a run noticeably longer. */
const noticeable = 0.05;

/** Whether what others had of the processors, from 0 to 1, made a run noticeably longer. */
export function isNoticeable(stolen: number | undefined): stolen is number {
  return stolen !== undefined && stolen >= noticeable;
}

/** A share as a reader says it: `14 %`. */
export function inPercent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** `processors: 14 % of their time went to others on this machine's host, so everything took longer`. */
export function stolenLine(stolen: number): string {
  const effect = isNoticeable(stolen) ? ', so everything took longer' : '';
  return `processors: ${inPercent(stolen)} of their time went to others on this machine's host${effect}`;
}
