import { createHash } from 'node:crypto';
import { grouped, median } from '../../../clusters/text/collections.ts';
import type { KnownIssue } from '../../../specs/catalogue/catalogue.ts';
import { minorOf, otherVersions } from '../../../specs/catalogue/features.ts';
import type { SpecFailure, SpecResult } from '../../../specs/runner/events.ts';
import { framesOf } from '../../../specs/runner/place.ts';
import type { DeclaredSpec } from '../../../specs/runner/registry.ts';
import type { ReportedFailure, ReportedRequirement } from './report.ts';
import type { FinishedSpec } from './summary.ts';

/** A requirement that was chosen for a run, and where its spec is declared. */
export type ChosenSpec = Pick<DeclaredSpec, 'requirement' | 'declaredAt'>;

export interface RequirementSources {
  /** The specs that were chosen for the run, also those that it did not reach. */
  chosen: readonly ChosenSpec[];
  results: readonly FinishedSpec[];
  /** Version of the API server, such as `v1.37.2`; null where it is not known. */
  kubernetes: string | null;
  /** Why there is no result; absent where there is one. */
  notRun: string;
  /** Absolute path of the harness; places in specs are relative to it. */
  root: string;
}

/**
 * Returns every chosen requirement once. One that was run several times holds only if it never failed; one without a
 * result was skipped, because nothing was shown. A known issue that showed in one of several runs shows.
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
    const { id, chapter, level, subject, sentence, source, failsIf, features, needs } = requirement;
    const { slowBecause, knownIssue } = requirement;
    const finished = resultsOf.get(id) ?? [];
    const runs = finished.map(({ result }) => result);
    const { began, place } = finished[0] ?? {};
    const promise = {
      id,
      chapter,
      level,
      subject,
      sentence,
      source,
      failsIf,
      features: [...features],
      needs: [...needs],
    };
    const ending = inAll(runs, notRun, root);
    return {
      ...promise,
      ...declaredAt,
      ...ending,
      ...(began !== undefined && { began: Math.round(began) }),
      ...(place && { place: { alone: place.alone, ...(place.nodes && { nodes: [...place.nodes] }) } }),
      ...(runs.length === 0 && elsewhere(features)),
      ...(knownIssue && { knownIssue: { ...knownIssue, ...whetherItShows(knownIssue, ending, kubernetes) } }),
      ...(slowBecause !== undefined && { slowBecause }),
    };
  });
}

/** Returns whether a known issue shows; nothing where that cannot be said, or where nothing else was to be expected. */
function whetherItShows(issue: KnownIssue, { result }: Ending, kubernetes: string | null): { shows?: boolean } {
  if (result === 'knownIssue') return { shows: true };
  const listed = kubernetes !== null && issue.minors.includes(minorOf(kubernetes).join('.'));
  return listed && result === 'passed' ? { shows: false } : {};
}

/** Returns the digest of a list of requirements: lines of id and sentence, in their order. */
export function specListOf(requirements: readonly { id: string; sentence: string }[]): string {
  const lines = requirements.map(({ id, sentence }) => `${id} ${sentence}\n`);
  return `sha256:${createHash('sha256').update(lines.join('')).digest('hex')}`;
}

/** Returns what a report says about the known issue of a requirement; undefined where there is nothing to say. */
export function knownIssueLine({ result, knownIssue }: ReportedRequirement): string | undefined {
  if (!knownIssue) return undefined;
  const { url, minors, instead, shows } = knownIssue;
  if (shows === false) return `this known issue no longer shows here: ${url}`;
  const known = `known issue of Kubernetes ${minors.join(', ')}: ${instead}: ${url}`;
  if (shows) return known;
  return result === 'failed' ? `failed otherwise than the ${known}` : undefined;
}

type Ending = Pick<
  ReportedRequirement,
  'result' | 'milliseconds' | 'repetitions' | 'reason' | 'skippedFor' | 'failure' | 'evidence'
>;

function inAll(runs: readonly SpecResult[], notRun: string, root: string): Ending {
  const ended = <O extends SpecResult['outcome']>(outcome: O) =>
    runs.filter((run): run is Extract<SpecResult, { outcome: O }> => run.outcome === outcome);
  const [passed, failed, skipped] = [ended('passed'), ended('failed'), ended('skipped')];
  const [knownIssue, ...sameIssue] = ended('knownIssue');
  const [notApplicable, ...others] = ended('notApplicable');
  const shared = {
    evidence: runs.flatMap(({ evidence }) => evidence),
    ...(runs.length > 1 && {
      repetitions: {
        passed: passed.length,
        failed: failed.length,
        knownIssue: knownIssue ? 1 + sameIssue.length : 0,
        skipped: skipped.length,
        notApplicable: notApplicable ? 1 + others.length : 0,
      },
    }),
  };
  const [failure] = failed;
  if (failure) {
    return { ...shared, result: 'failed', milliseconds: medianTime(failed), failure: failureOf(failure.error, root) };
  }
  if (knownIssue) {
    const milliseconds = medianTime([knownIssue, ...sameIssue]);
    return { ...shared, result: 'knownIssue', milliseconds, failure: failureOf(knownIssue.error, root) };
  }
  if (passed.length > 0) return { ...shared, result: 'passed', milliseconds: medianTime(passed) };
  if (notApplicable) return { ...shared, result: 'notApplicable', milliseconds: 0, reason: notApplicable.reason };
  const { reason = notRun, skippedFor } = skipped[0] ?? {};
  const why = { reason, ...(skippedFor !== undefined && { skippedFor }) };
  return { ...shared, result: 'skipped', milliseconds: medianTime(skipped), ...why };
}

function failureOf({ stack, diagnosis, left: _, ...failure }: SpecFailure, root: string): ReportedFailure {
  return {
    ...failure,
    frames: framesOf(stack).map((frame) => frame.trim().replaceAll('file://', '').replaceAll(`${root}/`, '')),
    ...(diagnosis !== undefined && { essence: diagnosis.essence, diagnosis: diagnosis.text }),
  };
}

/** Returns whole milliseconds: fractions of them mean nothing between runs. */
function medianTime(runs: readonly SpecResult[]): number {
  return runs.length === 0 ? 0 : Math.round(median(runs.map(({ milliseconds }) => milliseconds)));
}
