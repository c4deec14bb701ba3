import { grouped, median } from '../../../clusters/text/collections.ts';
import { otherVersions } from '../../../specs/catalogue/features.ts';
import type { SpecFailure, SpecResult } from '../../../specs/runner/events.ts';
import { framesOf } from '../../../specs/runner/place.ts';
import type { DeclaredSpec } from '../../../specs/runner/registry.ts';
import type { ReportedFailure, ReportedRequirement } from './report.ts';
import type { FinishedSpec } from './summary.ts';

/** A requirement that was chosen for a run, and where its spec is declared. */
export type ChosenSpec = Pick<DeclaredSpec, 'requirement' | 'declaredAt'>;

export interface RequirementSources {
  /** The specs that were chosen for the run, whether they came to run or not. */
  chosen: readonly ChosenSpec[];
  results: readonly FinishedSpec[];
  /** Version of the API server, such as `v1.37.2`; null where it is not known. */
  kubernetes: string | null;
  /** Why there is no result where there is none. */
  notRun: string;
  /** Absolute path of the harness; places in specs are relative to it. */
  root: string;
}

/**
 * Returns every chosen requirement once. One that was run several times holds only if it never failed; one without a
 * result was skipped, because nothing was shown.
 */
export function reportedRequirements(sources: RequirementSources): ReportedRequirement[] {
  const { chosen, results, kubernetes, notRun, root } = sources;
  /** A requirement that was not run, and would not have applied. */
  const elsewhere = (features: readonly string[]) => {
    const reason = kubernetes === null ? undefined : otherVersions(features, kubernetes);
    return reason !== undefined && ({ result: 'notApplicable', reason } as const);
  };
  const resultsOf = grouped(results, ({ spec }) => spec.id);
  return chosen.map(({ requirement, declaredAt }) => {
    const { id, chapter, level, sentence, source, failsIf, features, slowBecause } = requirement;
    const runs = resultsOf.get(id)?.map(({ result }) => result) ?? [];
    const promise = { id, chapter, level, sentence, source, failsIf, features: [...features] };
    return {
      ...promise,
      ...declaredAt,
      ...inAll(runs, notRun, root),
      ...(runs.length === 0 && elsewhere(features)),
      ...(slowBecause !== undefined && { slowBecause }),
    };
  });
}

type Ending = Pick<ReportedRequirement, 'result' | 'milliseconds' | 'repetitions' | 'reason' | 'failure' | 'evidence'>;

function inAll(runs: readonly SpecResult[], notRun: string, root: string): Ending {
  const ended = <O extends SpecResult['outcome']>(outcome: O) =>
    runs.filter((run): run is Extract<SpecResult, { outcome: O }> => run.outcome === outcome);
  const [passed, failed, skipped] = [ended('passed'), ended('failed'), ended('skipped')];
  const [notApplicable, ...others] = ended('notApplicable');
  const shared = {
    evidence: runs.flatMap(({ evidence }) => evidence),
    ...(runs.length > 1 && {
      repetitions: {
        passed: passed.length,
        failed: failed.length,
        skipped: skipped.length,
        notApplicable: notApplicable ? 1 + others.length : 0,
      },
    }),
  };
  const [failure] = failed;
  if (failure) {
    return { ...shared, result: 'failed', milliseconds: medianTime(failed), failure: failureOf(failure.error, root) };
  }
  if (passed.length > 0) return { ...shared, result: 'passed', milliseconds: medianTime(passed) };
  if (notApplicable) return { ...shared, result: 'notApplicable', milliseconds: 0, reason: notApplicable.reason };
  return { ...shared, result: 'skipped', milliseconds: medianTime(skipped), reason: skipped[0]?.reason ?? notRun };
}

function failureOf({ stack, diagnosis, left: _, ...failure }: SpecFailure, root: string): ReportedFailure {
  return {
    ...failure,
    frames: framesOf(stack).map((frame) => frame.trim().replaceAll('file://', '').replaceAll(`${root}/`, '')),
    ...(diagnosis !== undefined && { diagnosis: diagnosis.text }),
  };
}

/** Milliseconds, whole ones: fractions of them mean nothing between runs. */
function medianTime(runs: readonly SpecResult[]): number {
  return runs.length === 0 ? 0 : Math.round(median(runs.map(({ milliseconds }) => milliseconds)));
}
