import { median } from '../../../clusters/text/collections.ts';
import { duration } from '../../../clusters/text/duration.ts';
import type { PodStart, SpecResult } from '../../../specs/runner/events.ts';
import { cpuStealLine, isNoticeable } from './cpu-steal.ts';
import type { ReportedRequirement } from './report.ts';
import { byChapter, type FinishedSpec, type Summary } from './summary.ts';

const slowestShown = 10;
/** A table of one or two chapters tells nothing that the lines above it do not. */
const fewestChapters = 3;

/**
 * Returns what a run came to in figures, as lines of text: chapters by outcome, the slowest specs, how fast pods were.
 */
export function runFigures(summary: Summary): string[] {
  const { specs, podStarts, cpuSteal } = summary;
  const chapters = byChapter(specs);
  const blocks = [
    chapters.size >= fewestChapters ? chapterTable(chapters) : [],
    chapters.size >= fewestChapters ? slowestLines(specs) : [],
    podStarts && podStarts.length > 0 ? [podStartLine(podStarts)] : [],
    isNoticeable(cpuSteal) ? [cpuStealLine(cpuSteal)] : [],
  ];
  return blocks.filter((block) => block.length > 0).flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

function chapterTable(chapters: ReadonlyMap<string, readonly FinishedSpec[]>): string[] {
  const count = (of: readonly FinishedSpec[], outcome: SpecResult['outcome']) =>
    of.filter(({ result }) => result.outcome === outcome).length;
  const row = (name: string, of: readonly FinishedSpec[]) => [
    name,
    count(of, 'passed'),
    count(of, 'failed'),
    count(of, 'skipped') + count(of, 'notApplicable') + count(of, 'knownIssue'),
  ];
  const names = [...chapters.keys()].sort();
  const rows = [
    ['chapter', 'passed', 'failed', 'skipped'],
    ...names.map((name) => row(name, chapters.get(name) ?? [])),
    row('all', [...chapters.values()].flat()),
  ];
  return rows.map((cells) => {
    const [name = '', ...numbers] = cells.map(String);
    return `${name.padEnd(16)}${numbers.map((number) => number.padStart(9)).join('')}`;
  });
}

function slowestLines(specs: readonly FinishedSpec[]): string[] {
  const timed = specs.map(({ spec: { id, sentence }, result: { outcome, milliseconds } }) => {
    return { id, sentence, result: outcome, milliseconds };
  });
  return [
    'slowest',
    ...slowest(timed, slowestShown).map(
      ({ id, sentence, milliseconds }) => `${duration(milliseconds).padStart(9)}  ${id} ${sentence}`,
    ),
  ];
}

/** Returns those that took longest among all that ran, longest first. */
export function slowest<T extends Pick<ReportedRequirement, 'result' | 'milliseconds'>>(
  all: readonly T[],
  most: number,
): T[] {
  const ran = all.filter(({ result }) => result === 'passed' || result === 'failed');
  return ran.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, most);
}

/** Returns `pods created to Ready: 212, median 3.1 s, 2.2 × what Kubernetes allows at best`. */
export function podStartLine(starts: readonly PodStart[]): string {
  const time = median(starts.map(({ milliseconds }) => milliseconds));
  const ratio = median(starts.map(({ milliseconds, lowerLimit }) => milliseconds / lowerLimit));
  return `pods created to Ready: ${starts.length}, median ${duration(time)}, ${ratio.toFixed(1)} × what Kubernetes allows at best`;
}
