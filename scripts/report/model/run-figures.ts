import { median } from '../../../clusters/text/collections.ts';
import { duration } from '../../../clusters/text/duration.ts';
import type { PodStart, SpecResult } from '../../../specs/runner/events.ts';
import { cpuStealLine, isNoticeable } from './cpu-steal.ts';
import { byChapter, type SpecOutcome, type Summary } from './summary.ts';

const slowestShown = 10;
/** A table of one or two chapters tells nothing that the lines above it do not. */
const fewestChapters = 3;

/** What a run came to in figures, as lines of text: chapters by outcome, the slowest specs, how fast pods were. */
export function runFigures(summary: Summary): string[] {
  const { specs, podStarts, cpuSteal } = summary;
  const chapters = byChapter(specs);
  const blocks = [
    chapters.size >= fewestChapters ? chapterTable(chapters) : [],
    chapters.size >= fewestChapters ? slowest(specs) : [],
    podStarts && podStarts.length > 0 ? [podStartLine(podStarts)] : [],
    isNoticeable(cpuSteal) ? [cpuStealLine(cpuSteal)] : [],
  ];
  return blocks.filter((block) => block.length > 0).flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

function chapterTable(chapters: ReadonlyMap<string, readonly SpecOutcome[]>): string[] {
  const count = (of: readonly SpecOutcome[], outcome: SpecResult['outcome']) =>
    of.filter(({ result }) => result.outcome === outcome).length;
  const row = (name: string, of: readonly SpecOutcome[]) => [
    name,
    count(of, 'passed'),
    count(of, 'failed'),
    count(of, 'skipped') + count(of, 'notApplicable'),
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

function slowest(specs: readonly SpecOutcome[]): string[] {
  const ran = specs.filter(({ result }) => result.outcome === 'passed' || result.outcome === 'failed');
  const order = ran.toSorted((a, b) => b.result.milliseconds - a.result.milliseconds).slice(0, slowestShown);
  return [
    'slowest',
    ...order.map(({ spec, result }) => `${duration(result.milliseconds).padStart(9)}  ${spec.id} ${spec.sentence}`),
  ];
}

/** `pods created to Ready: 212, median 3.1 s, 2.2 × what Kubernetes allows at best`. */
export function podStartLine(starts: readonly PodStart[]): string {
  const time = median(starts.map(({ milliseconds }) => milliseconds));
  const ratio = median(starts.map(({ milliseconds, lowerLimit }) => milliseconds / lowerLimit));
  return `pods created to Ready: ${starts.length}, median ${duration(time)}, ${ratio.toFixed(1)} × what Kubernetes allows at best`;
}
