import { inPercent } from '../../report/model/figures.ts';
import { aligned } from '../../soak/tables.ts';
import { layoutText } from '../cells.ts';
import { programs } from '../control-plane.ts';
import { cpuPerClaim, fitText, growthOf, termsOf, volumeNodes } from './growth.ts';
import {
  finishedCells,
  isMeasured,
  type MeasuredCell,
  measuredCells,
  type Storm,
  type StormCell,
} from './storm-file.ts';

const outcomeWords = {
  held: 'held',
  violated: 'violated',
  unfinished: 'unfinished',
  skipped: 'not begun',
} as const satisfies Record<StormCell['outcome'], string>;

/** The columns of a table of cells. */
export const heads = [
  'claims',
  'nodes',
  'class',
  'layout',
  'invariants',
  'bound p50',
  'p90',
  'p99',
  'max',
  'scheduled p50',
  'p99',
  'bound/s',
  'scheduler',
  'controllers',
  'API server',
  'etcd',
  'idle',
] as const;

/** What the columns say; stands below the table. */
export const legend =
  'Times in seconds from the claim created, as watch events arrived. CPU in milliseconds for each claim: of kube-scheduler, kube-controller-manager, kube-apiserver and etcd. Idle: the share of the processors’ time in which the machine had nothing to do.';

/** Returns the cells of the row of a cell. */
export function rowOf(cell: StormCell): string[] {
  const { claims, nodes, binding, outcome } = cell;
  const where = nodes === 0 ? '3 real' : String(nodes);
  const load = [String(claims), where, binding, layoutText(cell), outcomeWords[outcome]];
  if (!isMeasured(cell)) return [...load, ...Array.from({ length: heads.length - load.length }, () => '–')];
  const { bound, scheduled, boundPerSecond, cpuIdle } = cell.measured;
  return [
    ...load,
    ...[bound.p50, bound.p90, bound.p99, bound.max, scheduled.p50, scheduled.p99].map(inSeconds),
    boundPerSecond.toFixed(1),
    ...programs.map((program) => cpuPerClaim(cell, program)?.toFixed(0) ?? '–'),
    inPercent(cpuIdle),
  ];
}

/** Returns milliseconds as seconds, with no more digits than such a measurement has. */
export function inSeconds(milliseconds: number): string {
  const value = milliseconds / 1_000;
  return value.toFixed(value < 10 ? 2 : 1);
}

/** Returns what a cell came to in one line, for the terminal while the storm goes on. */
export function cellLine({ measured, outcome, violations, unfinished }: StormCell): string {
  if (!measured) return outcomeWords[outcome];
  const { bound, scheduled, boundPerSecond } = measured;
  const words = {
    held: [],
    violated: violations.slice(0, 3),
    unfinished: [`${unfinished.count} not finished: ${unfinished.some.slice(0, 3).join(', ')}`],
    skipped: [],
  }[outcome];
  return [
    `bound after p50 ${inSeconds(bound.p50)} s, p99 ${inSeconds(bound.p99)} s; scheduled after p50 ${inSeconds(scheduled.p50)} s, p99 ${inSeconds(scheduled.p99)} s; ${boundPerSecond.toFixed(1)} bound/s`,
    ...words,
  ].join('; ');
}

/** Returns a storm as lines for the terminal: the table, how it grows, and which terms explain the largest cell. */
export function stormAsText(storm: Storm): string {
  const measured = measuredCells(storm);
  return [
    ...aligned([heads, ...storm.cells.map(rowOf)]),
    legend,
    ...section('How it grows', growthLines(storm)),
    ...section(
      'What explains the largest cell',
      largest(measured).flatMap((cell) => termsOf(cell, storm.environment.limits)),
    ),
    ...(measured.length === 0 ? [] : ['', harnessLine(measured)]),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

/** Returns how each series grows, a line each; nothing where a storm has one number of claims only. */
export function growthLines(storm: Storm): string[] {
  return growthOf(measuredCells(storm)).map(
    ({ series, exponent, perClaim }) =>
      `${series}: the median time to be bound grows with the claims to the power of ${fitText(exponent, 2)}; each claim more takes ${fitText(perClaim, 1, ' ms')} until all are bound`,
  );
}

/** Returns the cell with the most claims, of several the one with the most nodes. */
export function largest(cells: readonly MeasuredCell[]): MeasuredCell[] {
  return cells.toSorted((a, b) => b.claims - a.claims || b.nodes - a.nodes).slice(0, 1);
}

/** Returns what the harness itself used, and how late it was: what a reader has to trust the times. */
export function harnessLine(cells: readonly MeasuredCell[]): string {
  const most = (of: (cell: MeasuredCell) => number) => Math.max(0, ...cells.map(of));
  const memory = Math.round(most(({ measured }) => measured.harness.memoryPeak) / 2 ** 20);
  const late = most(({ measured }) => measured.arrivals.lateness.p99);
  const delay = most(({ measured }) => measured.harness.eventLoopDelay.p99);
  const missed = cells.reduce((sum, { measured }) => sum + measured.harness.missedEvents, 0);
  return `the harness: ${memory} MiB at most; claims sent at most ${late.toFixed(1)} ms late (p99), its timers ${delay.toFixed(1)} ms; ${missed} events missed by watches`;
}

/** Returns the scheduler's load and CPU time of cells, for a fit: nodes × volumes, and milliseconds for each pod. */
export function schedulerPoints(cells: readonly MeasuredCell[]): { cell: MeasuredCell; x: number; y: number }[] {
  return finishedCells({ cells }).flatMap((cell) => {
    const y = cpuPerClaim(cell, 'kube-scheduler');
    return y === undefined || y === 0 ? [] : [{ cell, x: volumeNodes(cell) * cell.claims, y }];
  });
}
