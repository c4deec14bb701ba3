/** A CPU steal, from 0 to 1, that makes a run noticeably longer. */
const noticeable = 0.05;

/** Returns whether a CPU steal, from 0 to 1, made a run noticeably longer. */
export function isNoticeable(cpuSteal: number | undefined): cpuSteal is number {
  return cpuSteal !== undefined && cpuSteal >= noticeable;
}

/** Returns a share in percent: `14 %`. */
export function inPercent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Returns `CPU steal: 14 % (the host gave this time to other machines), so everything took longer`. */
export function cpuStealLine(cpuSteal: number): string {
  const effect = isNoticeable(cpuSteal) ? ', so everything took longer' : '';
  return `CPU steal: ${inPercent(cpuSteal)} (the host gave this time to other machines)${effect}`;
}
