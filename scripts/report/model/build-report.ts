import { DomainError, messageOf } from '../../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../../clusters/errors/exit-status.ts';
import { redactedText, withTexts } from '../../../clusters/text/redact.ts';
import type { Requirement } from '../../../specs/catalogue/catalogue.ts';
import { wholeMessage } from '../../../specs/runner/spec-failure.ts';
import { countsOf, resultOf } from './counts.ts';
import { endingOf } from './ending.ts';
import type { EnvironmentRecord } from './environment.ts';
import type { LeftOvers } from './kind-of-cluster.ts';
import {
  type LocalVolumeConformanceReport,
  type ReportedResult,
  type ReportedStatistics,
  type ReportedStep,
  reportVersion,
} from './report.ts';
import { type ChosenSpec, reportedRequirements, specListOf } from './requirements.ts';
import type { FinishedAction, Summary } from './summary.ts';

/** All that a report is made from. */
export interface ReportSources {
  summary: Summary;
  /** How long the whole run took, in milliseconds; undefined while it goes on. */
  finished: number | undefined;
  environment: EnvironmentRecord;
  /** Where it is looked for what specs may leave; undefined until that is known. */
  leftOvers?: LeftOvers | undefined;
  /** Every requirement there is. */
  catalogue: readonly Requirement[];
  /** The specs that were chosen for the run, also those that it did not reach, in the order of the catalogue. */
  chosen: readonly ChosenSpec[];
  /** Which part of a selection these specs are, where they are not all of it. */
  shard?: LocalVolumeConformanceReport['shard'];
  implementation: LocalVolumeConformanceReport['implementation'];
  /** Commands that repeat the run. */
  reproduce: readonly string[];
  /** Absolute path of the harness; no report quotes it. */
  root: string;
}

/**
 * Returns the report of a run, also of one that failed before its specs, was interrupted or still goes on. Pure. Its
 * texts hold no secrets and nothing that a format cannot hold.
 */
export function buildReport(sources: ReportSources): LocalVolumeConformanceReport {
  const { summary, finished, environment, catalogue, chosen, shard, implementation, reproduce, root } = sources;
  const known = new Set(catalogue.map(({ id }) => id));
  const requirements = reportedRequirements({
    chosen,
    results: summary.specs,
    kubernetes: environment.kubernetes,
    notRun: whyNothingRan(summary, finished !== undefined),
    root,
  });
  const chosenIds = new Set(requirements.map(({ id }) => id));
  const counts = countsOf(requirements);
  const outside = outsideOf(summary, known);
  const ending = finished === undefined ? undefined : endingOf(summary, { requirements, outside });
  const report: LocalVolumeConformanceReport = {
    apiVersion: reportVersion.apiVersion,
    kind: reportVersion.kind,
    date: (summary.started ?? new Date(0)).toISOString(),
    run: summary.run,
    implementation,
    harness: environment.harness,
    result: ending ? runResult(ending.exitStatus, counts.statistics) : 'failure',
    verdict: ending?.verdict ?? stillRunning,
    exitStatus: ending?.exitStatus ?? null,
    ...(summary.interrupted !== undefined && { interruptedBy: summary.interrupted }),
    complete: [...known].every((id) => chosenIds.has(id)),
    catalogue: known.size,
    specList: specListOf(requirements),
    ...(shard && { shard }),
    milliseconds: Math.round(finished ?? 0),
    ...counts,
    requirements,
    outside,
    environment: environmentOf(environment),
    seed: summary.seed ?? null,
    jobs: summary.jobs ?? null,
    reproduce: [...reproduce],
    steps: summary.actions.map(stepOf),
    retries: [...summary.retries],
    leaks: leaksOf(summary),
    ...(sources.leftOvers && { leftOvers: sources.leftOvers }),
    ...(summary.cpuSteal !== undefined && { cpuSteal: Math.round(summary.cpuSteal * 1_000) / 1_000 }),
    ...(summary.schedule && { schedule: summary.schedule }),
    podStarts: (summary.podStarts ?? []).map(({ requirement, milliseconds, lowerLimit }) => ({
      requirement,
      milliseconds: Math.round(milliseconds),
      lowerLimit,
    })),
  };
  return withTexts(report, redactedText);
}

const stillRunning = 'not finished: the run went on when this was written';

/** Why there is no result of a spec that nothing kept from having one. */
export const noResult = 'no result';

/** Why a requirement has no result where it has none. */
function whyNothingRan(summary: Summary, finished: boolean): string {
  if (!finished) return 'not run: the run went on when this was written';
  const { exitStatus, verdict } = endingOf(summary, undefined);
  // A run that ended without a result says so in its verdict.
  const why = exitStatus === 'conforms' ? noResult : verdict.replace(/^not finished: /, '');
  return `not run: ${why}`;
}

/**
 * A run that did not end well is never a success. An interrupted one may be a partial success.
 */
export function runResult(exitStatus: ExitStatus, statistics: ReportedStatistics): ReportedResult {
  const shown = resultOf(statistics);
  if (shown === 'failure' || exitStatus === 'conforms') return shown;
  return exitStatus === 'interrupted' ? 'partial' : 'failure';
}

/** What failed and is in no catalogue: an error outside of specs, a proof at the end of the run. */
function outsideOf({ specs }: Summary, known: ReadonlySet<string>): LocalVolumeConformanceReport['outside'] {
  return specs.flatMap(({ spec: { id, sentence }, result }) =>
    result.outcome === 'failed' && !known.has(id) ? [{ id, title: sentence, message: wholeMessage(result.error) }] : [],
  );
}

function stepOf({ title, direction, outcome, milliseconds, error }: FinishedAction): ReportedStep {
  const step = { title, direction, outcome, milliseconds: Math.round(milliseconds) };
  if (outcome === 'done') return step;
  const details = error instanceof DomainError ? { details: error.details } : {};
  return { ...step, name: error instanceof Error ? error.name : 'Error', message: messageOf(error), ...details };
}

/** What specs proved to be left on nodes, and what the run could not undo. */
function leaksOf({ specs, actions }: Summary): string[] {
  return [
    ...specs.flatMap(({ spec, result }) =>
      result.outcome === 'failed' ? (result.error.left ?? []).map((line) => `${spec.id}: ${line}`) : [],
    ),
    ...actions.flatMap(({ direction, outcome, title, error }) =>
      direction === 'undo' && outcome === 'failed' ? [`${title}: ${messageOf(error)}`] : [],
    ),
  ];
}

function environmentOf(record: EnvironmentRecord): LocalVolumeConformanceReport['environment'] {
  const { kubernetes, image, kind, containerRuntime, engine, kernel, cgroupVersion, node, host } = record;
  const { staticProvisioner, cluster } = record;
  return {
    kubernetes,
    nodeImage: image && { reference: image.reference, digest: image.digest, id: image.id },
    nodeImagePin: image?.pin ?? null,
    kind,
    containerRuntime,
    engine: engine && `${engine.name} ${engine.version}`,
    staticProvisioner,
    kernel,
    cgroupVersion,
    node,
    cluster,
    host,
  };
}
