import { redact } from '../../../clusters/text/redact.ts';
import { minorOf } from '../../../specs/catalogue/features.ts';
import { counted } from '../formats/html/words.ts';
import type {
  LocalVolumeConformanceReport,
  ReportedRequirement,
  ReportedResult,
  ReportedStatistics,
  ReportedSubject,
} from '../model/report.ts';
import { type EnvironmentRow, environmentRows } from './environments.ts';
import { type Change, changeOf, type Outcome, worse } from './outcome.ts';
import { type Speed, speedOf } from './slower.ts';

/** A report as a column: its label, and the results of its run. */
export interface Column {
  /** Short and different from the others, such as `1.36.3` or `1.37.2 k3x9qd`. */
  label: string;
  run: string;
  date: string;
  result: ReportedResult;
  verdict: string;
  statistics: ReportedStatistics;
  subjects: readonly ReportedSubject[];
  catalogue: number;
  complete: boolean;
  milliseconds: number;
  /** CPU steal while specs ran, from 0 to 1: the share of time that the host gave to other machines. */
  cpuSteal: number | undefined;
  /** Against the baseline; the baseline itself has none. */
  speed: Speed | undefined;
}

/** One requirement in one report. */
export interface Cell {
  outcome: Outcome;
  /** Against the baseline. */
  change: Change;
  /** Why it was skipped or failed: the first line. */
  because: string | undefined;
}

/** A requirement whose result is not the same in all reports. */
export interface ChangedRequirement {
  id: string;
  chapter: string;
  level: ReportedRequirement['level'];
  sentence: string;
  /** One for each report; the first is that of the baseline. */
  cells: readonly Cell[];
}

/** Two or more reports side by side. The first is the baseline. */
export interface Comparison {
  columns: readonly Column[];
  /** Worst first. */
  changed: readonly ChangedRequirement[];
  /** How many requirements have the same result in all of them. */
  same: number;
  environment: readonly EnvironmentRow[];
  /** What cannot be compared, and why; each a sentence. */
  notes: readonly string[];
  /** Whether a report has no requirement in common with the baseline: then nothing can be said about it. */
  apart: boolean;
  /** Whether anything that the baseline showed to hold is not shown to hold in another. */
  worse: boolean;
}

const order: readonly Change[] = [
  'regression',
  'failing',
  'lost',
  'other',
  'fixed',
  'gained',
  'byMinor',
  'notCompared',
  'new',
  'incomparable',
  'same',
];

/** Compares reports with the first of them, without secrets. Pure. */
export function compareReports(given: readonly LocalVolumeConformanceReport[]): Comparison {
  const reports = given.map((report) => redact(report) as LocalVolumeConformanceReport);
  const [baseline, ...others] = reports;
  if (!baseline) throw new RangeError('there is no report to compare');
  const tables = reports.map((report) => new Map(report.requirements.map((entry) => [entry.id, entry])));
  const ids = [...new Set(tables.flatMap((table) => [...table.keys()]))];
  const rows = ids.flatMap((id) => rowOf(id, tables, reports) ?? []);
  const changed = rows.filter(({ cells }) =>
    cells.some(({ change }) => change !== 'same' && change !== 'incomparable'),
  );
  const labels = labelsOf(reports);
  return {
    columns: reports.map((report, index) => ({
      label: labels[index] ?? report.run,
      run: report.run,
      date: report.date,
      result: report.result,
      verdict: report.verdict,
      statistics: report.statistics,
      subjects: report.subjects,
      catalogue: report.catalogue,
      complete: report.complete,
      milliseconds: report.milliseconds,
      cpuSteal: report.cpuSteal,
      speed: index === 0 ? undefined : speedOf(baseline, report),
    })),
    changed: changed.toSorted((a, b) => rankOf(a) - rankOf(b) || a.id.localeCompare(b.id, 'en', { numeric: true })),
    same: rows.filter(({ cells }) => cells.every(({ change }) => change === 'same')).length,
    environment: environmentRows(reports),
    notes: [
      ...new Set(others.flatMap((report, at) => notesOf(baseline, report, labels[0] ?? '', labels[at + 1] ?? ''))),
    ],
    apart: others.some((_, at) => !rows.some(({ cells }) => isCompared(cells[0], cells[at + 1]))),
    worse: rows.some(({ cells }) => cells.some(({ change }) => worse.has(change))),
  };
}

function rowOf(
  id: string,
  tables: readonly ReadonlyMap<string, ReportedRequirement>[],
  reports: readonly LocalVolumeConformanceReport[],
): ChangedRequirement | undefined {
  const entries = tables.map((table) => table.get(id));
  // The newest wording: of the last report that has it.
  const last = entries.findLast((entry) => entry !== undefined);
  const [baseline] = reports;
  if (!last || !baseline) return undefined;
  const before = entries[0]?.result ?? 'absent';
  const cells = entries.map((entry, index): Cell => {
    const report = reports[index] ?? baseline;
    const outcome = entry?.result ?? 'absent';
    const change = changeOf(before, outcome, [baseline, report], isExcused(entry, baseline, report));
    return { outcome, change, because: firstLine(entry?.reason ?? entry?.failure?.message) };
  });
  const { chapter, level, sentence } = last;
  return { id, chapter, level, sentence, cells };
}

/**
 * Returns whether a cluster is excused from a requirement: what its owner does not allow is never held against it; what
 * it lacks is no loss where it is another one than the baseline's.
 */
function isExcused(
  entry: ReportedRequirement | undefined,
  baseline: LocalVolumeConformanceReport,
  other: LocalVolumeConformanceReport,
): boolean {
  if (entry?.skippedFor === undefined) return false;
  return entry.skippedFor !== 'feature' || isOfOthers(baseline) !== isOfOthers(other);
}

/** Whether the harness did not make the cluster of a report. */
function isOfOthers({ environment }: LocalVolumeConformanceReport): boolean {
  return environment.cluster?.madeBy === 'others';
}

/** Returns whether both reports say something about a requirement. */
function isCompared(before: Cell | undefined, after: Cell | undefined): boolean {
  if (!before || !after || before.outcome === 'absent' || after.outcome === 'absent') return false;
  return after.change !== 'notCompared';
}

function firstLine(text: string | undefined): string | undefined {
  return text?.trim().split('\n')[0];
}

function rankOf({ cells }: ChangedRequirement): number {
  return Math.min(...cells.map(({ change }) => order.indexOf(change)));
}

/** What reports are called in tables: by Kubernetes' version where these differ, else by version and run. */
function labelsOf(reports: readonly LocalVolumeConformanceReport[]): string[] {
  const versions = reports.map(({ environment, implementation }) =>
    (environment.kubernetes ?? implementation.version).replace(/^v/, ''),
  );
  if (new Set(versions).size === versions.length) return versions;
  const withRuns = versions.map((version, index) => `${version} ${reports[index]?.run ?? ''}`);
  if (new Set(withRuns).size === withRuns.length) return withRuns;
  return withRuns.map((label, index) => `${label} (${index + 1})`);
}

function haveCommon(baseline: LocalVolumeConformanceReport, other: LocalVolumeConformanceReport): boolean {
  return other.requirements.some(({ id }) => baseline.requirements.some((entry) => entry.id === id));
}

function notesOf(
  baseline: LocalVolumeConformanceReport,
  other: LocalVolumeConformanceReport,
  before: string,
  after: string,
): string[] {
  const notes: string[] = [];
  if (baseline.run === other.run && baseline.date === other.date)
    notes.push(`${before} and ${after} are the same run.`);
  if (baseline.catalogue !== other.catalogue) {
    notes.push(
      `The catalogues differ: ${counted(baseline.catalogue, 'requirement')} for ${before}, ${other.catalogue} for ${after}. What only one of them has is listed as new or lost.`,
    );
  }
  for (const [report, label] of [
    [baseline, before],
    [other, after],
  ] as const) {
    if (!report.complete) {
      notes.push(`${label} is about a part of the catalogue; what was not chosen for it is not compared.`);
    }
    if (report.interruptedBy !== undefined) {
      notes.push(`${label} was interrupted by ${report.interruptedBy}; what it did not get to has no result.`);
    }
  }
  const minors = [baseline, other].map(
    ({ environment }) => environment.kubernetes && minorOf(environment.kubernetes)[1],
  );
  if (isOfOthers(baseline) !== isOfOthers(other) && minors[0] !== minors[1])
    notes.push(
      `${before} and ${after} are of different minors of Kubernetes: what differs may be due to that, not to the cluster.`,
    );
  if (!haveCommon(baseline, other)) notes.push(`${before} and ${after} have no requirement in common.`);
  return notes;
}
