import type { ReportedRequirement } from '../model/report.ts';

/** How a requirement ended in one of the reports. `absent`: the report does not have it. */
export type Outcome = ReportedRequirement['result'] | 'absent';

/**
 * What happened to a requirement between the baseline and another report.
 * - `regression`: it was shown to hold, and now it is shown not to; also where that is a known issue of Kubernetes.
 * - `lost`: it was shown to hold, and now it is not shown: skipped, or without a result. It differs from a regression,
 *   as nothing is known to be broken; but skipping must not be a way to look well.
 * - `notCompared`: it was skipped, because this cluster lacks what its spec needs, or its owner does not allow that. It
 *   is no loss: nothing says that it held there before.
 * - `failing`: it fails, and the baseline did not show that it ever held.
 * - `fixed`: it failed, and holds now.
 * - `gained`: it is shown to hold now, and the baseline had not shown it.
 * - `byMinor`: it is promised for the minor of one of the reports, and not for that of the other.
 * - `new`: the baseline's catalogue does not have it.
 * - `other`: it changed between failing, a known issue and not being shown, which says nothing new about Kubernetes.
 * - `same`: nothing changed.
 * - `incomparable`: one of the runs did not choose it.
 */
export type Change =
  | 'regression'
  | 'lost'
  | 'notCompared'
  | 'failing'
  | 'fixed'
  | 'gained'
  | 'byMinor'
  | 'new'
  | 'other'
  | 'same'
  | 'incomparable';

/** What makes `lpv diff` end with 1: something that held is no longer shown to hold. */
export const worse: ReadonlySet<Change> = new Set(['regression', 'lost']);

/** Whether the run of a report was about the whole catalogue. */
export interface Scope {
  complete: boolean;
}

/**
 * Returns what happened from one outcome to the other. Absent from a run that chose a part only, a requirement was not
 * chosen. `excused`: the cluster of the other report cannot be held to it.
 */
export function changeOf(
  before: Outcome,
  after: Outcome,
  [baseline, other]: readonly [Scope, Scope],
  excused = false,
): Change {
  if (before === after) return 'same';
  if (before === 'absent') {
    if (!baseline.complete) return 'incomparable';
    return after === 'failed' ? 'failing' : 'new';
  }
  if (after === 'absent' && !other.complete) return 'incomparable';
  if (before === 'notApplicable' || after === 'notApplicable') return after === 'failed' ? 'failing' : 'byMinor';
  if (after === 'skipped' && excused) return 'notCompared';
  const broken = (outcome: Outcome) => outcome === 'failed' || outcome === 'knownIssue';
  if (before === 'passed') return broken(after) ? 'regression' : 'lost';
  if (after === 'passed') return broken(before) ? 'fixed' : 'gained';
  return after === 'failed' ? 'failing' : 'other';
}
