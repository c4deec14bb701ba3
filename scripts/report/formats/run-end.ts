import type { createColors } from 'picocolors';
import { grouped } from '../../../clusters/text/collections.ts';
import { duration } from '../../../clusters/text/duration.ts';
import { placeAmong } from '../../../specs/runner/place.ts';
import { countsInWords, plainCounts, shareOf, statisticsOf } from '../model/counts.ts';
import { cpuStealLine, isNoticeable, podStartLine, scheduleLine, slowest } from '../model/figures.ts';
import { clusterLine, leftOverLines } from '../model/kind-of-cluster.ts';
import type { LocalVolumeConformanceReport, ReportedRequirement } from '../model/report.ts';
import { knownIssueLine } from '../model/requirements.ts';
import { failureExcerpt } from './failure-excerpt.ts';

type Report = LocalVolumeConformanceReport;

const slowestShown = 10;
/** A table of one or two chapters repeats the lines above it. */
const fewestChapters = 3;
/** Failures that are shown once more at the end. */
const againAtMost = 20;

/** Returns the figures of a run: chapters by outcome, the slowest specs, how fast pods were. */
export function figureLines({ requirements, podStarts, cpuSteal, schedule }: Report): string[] {
  const chapters = grouped(requirements, ({ chapter }) => chapter);
  const several = chapters.size >= fewestChapters;
  const blocks = [
    several ? chapterTable([...chapters, ['all', requirements]]) : [],
    several ? slowestLines(requirements) : [],
    several && schedule ? [scheduleLine(schedule)] : [],
    podStarts.length > 0 ? [podStartLine(podStarts)] : [],
    isNoticeable(cpuSteal) ? [cpuStealLine(cpuSteal)] : [],
  ];
  return blocks.filter((block) => block.length > 0).flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

function chapterTable(chapters: readonly (readonly [name: string, of: readonly ReportedRequirement[]])[]): string[] {
  const rows = chapters.map(([name, of]) => [name, ...Object.values(plainCounts(statisticsOf(of))).map(String)]);
  return [['chapter', 'passed', 'failed', 'skipped'], ...rows].map(([name = '', ...numbers]) => {
    return `${name.padEnd(16)}${numbers.map((number) => number.padStart(9)).join('')}`;
  });
}

function slowestLines(requirements: readonly ReportedRequirement[]): string[] {
  const lines = slowest(requirements, slowestShown).map(
    ({ id, sentence, milliseconds }) => `${duration(milliseconds).padStart(9)}  ${id} ${sentence}`,
  );
  return lines.length > 0 ? ['slowest', ...lines] : [];
}

/** Returns the failed requirements once more, each as the terminal has shown it while the run went on. */
export function failuresAgain(report: Report, folder: string, show: FailureDrawing): string[] {
  const { seed, outside, requirements } = report;
  const failures = [
    ...requirements.flatMap((requirement) => {
      const { id, sentence, file, line, failure: error, evidence, result } = requirement;
      if (result !== 'failed' || !error) return [];
      const place = placeAmong(error.frames, file) ?? (line === undefined ? undefined : `${file}:${line}`);
      return [show(id, sentence, failureExcerpt({ error, evidence }, { place, folder }))];
    }),
    ...outside.map(({ id, title, message }) =>
      show(id, title, failureExcerpt({ error: { message }, evidence: [] }, { folder })),
    ),
  ];
  const more = failures.length - againAtMost;
  return [
    `failed${seed === null ? '' : `, in the order of --seed ${seed}`}`,
    ...failures.slice(0, againAtMost).flat(),
    ...(more > 0 ? [`… and ${more} more, in the report`] : []),
  ];
}

/** Returns the lines of a failure, with the claim first. */
export type FailureDrawing = (id: string, sentence: string, excerpt: readonly string[]) => string[];

/** Returns the lines below the verdict: the other subjects, known issues, a lent cluster, counts. */
export function resultLines(report: Report, colors: ReturnType<typeof createColors>): string[] {
  const { subjects, requirements, statistics, outside, retries, milliseconds, environment, leftOvers } = report;
  const [, ...others] = subjects;
  const issues = requirements.flatMap((requirement) => {
    const line = knownIssueLine(requirement);
    return line === undefined || requirement.result === 'failed' ? [] : [`${colors.bold(requirement.id)} ${line}`];
  });
  const facts = [
    countsInWords(statistics),
    ...(outside.length > 0 ? [`failed outside of requirements: ${outside.length}`] : []),
    ...(retries.length > 0 ? [`steps tried again: ${retries.length}`] : []),
    duration(milliseconds),
  ];
  const { cluster } = environment;
  const left = leftOverLines(leftOvers).map((line) => `left-overs: ${line}`);
  // Of a cluster of ours a reader knows this; the report has it.
  const lent = cluster?.madeBy === 'others' ? [`cluster: ${clusterLine(cluster)}`, ...left] : [];
  return [
    ...(others.length > 0 ? [`beside them: ${others.map(shareOf).join(', ')}`] : []),
    ...issues.map((line) => colors.yellow(line)),
    ...lent,
    facts.join(' · '),
  ];
}
