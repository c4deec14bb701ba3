import { median } from '../../../clusters/text/collections.ts';
import { duration } from '../../../clusters/text/duration.ts';
import type { PodStart } from '../../../specs/runner/events.ts';
import type { LocalVolumeConformanceReport, ReportedRequirement } from './report.ts';

type Schedule = NonNullable<LocalVolumeConformanceReport['schedule']>;

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

/** Returns `specs: 3 min 35 s, 1.1 × the least that any order allows (the processors)`. */
export function scheduleLine({ milliseconds, atLeast, because }: Schedule): string {
  const ratio = (milliseconds / atLeast).toFixed(1);
  return `specs: ${duration(milliseconds)}, ${ratio} × the least that any order allows (${because})`;
}

/** Returns those that took longest among all that ran, longest first. */
export function slowest<T extends Pick<ReportedRequirement, 'result' | 'milliseconds'>>(
  all: readonly T[],
  most: number,
): T[] {
  const ran = all.filter(({ result }) => result !== 'skipped' && result !== 'notApplicable');
  return ran.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, most);
}

/** Returns `pods created to Ready: 212, median 3.1 s, 2.2 × what Kubernetes allows at best`. */
export function podStartLine(starts: readonly PodStart[]): string {
  const time = median(starts.map(({ milliseconds }) => milliseconds));
  const ratio = median(starts.map(({ milliseconds, lowerLimit }) => milliseconds / lowerLimit));
  return `pods created to Ready: ${starts.length}, median ${duration(time)}, ${ratio.toFixed(1)} × what Kubernetes allows at best`;
}
