import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import type { ReportedRequirement } from '../report/model/report.ts';
import { grows, type Interval, type Slope, slopeOf, wilson } from './statistics.ts';
import type { MachineUse, ProcessPeak } from './usage.ts';

/** One of the runs in a row, as it ended. */
export interface SoakedRun {
  /** From 1. */
  round: number;
  /** Such as `1.37`; undefined: the default one. */
  minor?: string | undefined;
  seed: number;
  exitStatus: ExitStatus;
  milliseconds: number;
  /** Folder of its report; undefined where it has none. */
  report?: string | undefined;
  /** How each requirement ended, by its id. */
  results: Readonly<Record<string, ReportedRequirement['result']>>;
  /** Infrastructure steps that were tried again. */
  retries: number;
  /** The most that its own process had at once. */
  peak: ProcessPeak;
  /** After it. */
  machine: MachineUse;
  /** What it left on the machine, a line each. */
  leaks: readonly string[];
}

/** How often a requirement failed, of the times that it was shown one way or the other. */
export interface FailureRate {
  id: string;
  runs: number;
  failed: number;
  /** Of the share of failures: 95 %, after Wilson. */
  bounds: Interval;
}

/** How a figure moved from round to round. */
export interface Drift {
  figure: string;
  unit: string;
  first: number;
  last: number;
  /** Undefined for fewer than three rounds. */
  trend: Slope | undefined;
  grows: boolean;
}

/** What runs in a row came to. */
export interface SoakFigures {
  runs: number;
  rounds: number;
  conforming: number;
  /** Requirements that were shown at least once, and those whose runs did not all end alike. */
  requirements: number;
  flaky: readonly FailureRate[];
  /** Requirements that failed each time. */
  refuted: readonly FailureRate[];
  /** Of a requirement that never failed, in as many runs as most of them had. */
  boundOfOne: Interval | undefined;
  /** Of all specs of all runs together. */
  all: FailureRate | undefined;
  retries: number;
  leaks: readonly string[];
  drifts: readonly Drift[];
}

/** Returns the figures of runs in a row; of those that gave no verdict, only leaks and use are counted. */
export function soakFigures(runs: readonly SoakedRun[]): SoakFigures {
  const rates = failureRates(runs);
  const flaky = rates.filter(({ failed, runs: of }) => failed > 0 && failed < of);
  const trials = rates.reduce((sum, { runs: of }) => sum + of, 0);
  const failed = rates.reduce((sum, rate) => sum + rate.failed, 0);
  const most = Math.max(0, ...rates.map(({ runs: of }) => of));
  return {
    runs: runs.length,
    rounds: new Set(runs.map(({ round }) => round)).size,
    conforming: runs.filter(({ exitStatus }) => exitStatus === 'conforms').length,
    requirements: rates.length,
    flaky,
    refuted: rates.filter(({ failed, runs: of }) => failed === of),
    boundOfOne: most > 0 ? wilson(0, most) : undefined,
    all: trials > 0 ? { id: 'all', runs: trials, failed, bounds: wilson(failed, trials) } : undefined,
    retries: runs.reduce((sum, { retries }) => sum + retries, 0),
    leaks: runs.flatMap(({ round, leaks }) => leaks.map((line) => `run ${round}: ${line}`)),
    drifts: drifts(runs),
  };
}

function failureRates(runs: readonly SoakedRun[]): FailureRate[] {
  const counts = new Map<string, { runs: number; failed: number }>();
  for (const { results } of runs)
    for (const [id, result] of Object.entries(results)) {
      if (result !== 'passed' && result !== 'failed') continue;
      const { runs: before, failed } = counts.get(id) ?? { runs: 0, failed: 0 };
      counts.set(id, { runs: before + 1, failed: failed + (result === 'failed' ? 1 : 0) });
    }
  const rates = [...counts].map(([id, count]) => ({ id, ...count, bounds: wilson(count.failed, count.runs) }));
  return rates.toSorted((a, b) => b.failed - a.failed || a.id.localeCompare(b.id, 'en', { numeric: true }));
}

const mebibyte = 2 ** 20;

/** What may grow, and how it is read from a run. */
const measured: readonly (readonly [figure: string, unit: string, of: (run: SoakedRun) => number])[] = [
  ['time of a run', 's', ({ milliseconds }) => milliseconds / 1000],
  ['memory of the harness, at most', 'MiB', ({ peak }) => peak.memory / mebibyte],
  ['open files of the harness, at most', '', ({ peak }) => peak.descriptors],
  ['memory of the machine', 'MiB', ({ machine }) => machine.memory / mebibyte],
  ['memory of the engine', 'MiB', ({ machine }) => machine.engineMemory / mebibyte],
  ['open files of the engine', '', ({ machine }) => machine.engineDescriptors],
  ['inotify instances', '', ({ machine }) => machine.inotifyInstances],
  ['inotify watches', '', ({ machine }) => machine.inotifyWatches],
  ['loop devices', '', ({ machine }) => machine.loopDevices],
];

/** The runs of a round, on one minor each, count together: minors differ, rounds should not. */
function drifts(runs: readonly SoakedRun[]): Drift[] {
  const rounds = [...new Set(runs.map(({ round }) => round))].map((round) => runs.filter((run) => run.round === round));
  return measured.map(([figure, unit, of]) => {
    const figures = rounds.map((round) => round.reduce((sum, run) => sum + of(run), 0) / round.length);
    const trend = slopeOf(figures);
    return {
      figure,
      unit,
      first: figures[0] ?? 0,
      last: figures.at(-1) ?? 0,
      trend,
      grows: trend !== undefined && grows(trend),
    };
  });
}
