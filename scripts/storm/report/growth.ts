import { grouped, median } from '../../../clusters/text/collections.ts';
import { inPercent } from '../../report/model/figures.ts';
import { regression, type Slope } from '../../soak/statistics.ts';
import { bindingText, clientLimits, type Limits, type Load, layoutText } from '../cells.ts';
import type { Program } from '../control-plane.ts';
import { finishedCells, type MeasuredCell } from './storm-file.ts';

/** A fitted slope; its error is not known where only two points were measured. */
export type Fit = Pick<Slope, 'slope'> & { error: number | undefined };

/** A point of a figure. */
export type Point = readonly [x: number, y: number];

/**
 * Returns the power of x with which y grows: the slope of least squares on a log-log scale. Of several y at one x the
 * median counts. Undefined for fewer than two x, and where a value is 0.
 */
export function exponentOf(points: readonly Point[]): Fit | undefined {
  return slopeThrough(points, ([x, y]) => [Math.log(x), Math.log(y)]);
}

/** Returns by how much y grows for each x, by least squares, as `exponentOf` does otherwise. */
export function slopeOf(points: readonly Point[]): Fit | undefined {
  return slopeThrough(points, (point) => point);
}

function slopeThrough(points: readonly Point[], scale: (point: Point) => Point): Fit | undefined {
  const scaled = mediansBy(points).map(scale);
  const [first, last] = [scaled[0], scaled.at(-1)];
  if (!first || !last || scaled.length < 2 || !scaled.flat().every(Number.isFinite)) return undefined;
  if (scaled.length === 2) return { slope: (last[1] - first[1]) / (last[0] - first[0]), error: undefined };
  return regression(scaled);
}

/** Returns the median y at each x, in the order of x. */
export function mediansBy(points: readonly Point[]): Point[] {
  return [...grouped(points, ([x]) => x)]
    .map(([x, all]): Point => [x, median(all.map(([, y]) => y))])
    .sort(([a], [b]) => a - b);
}

/** How a series of cells grows that differ in nothing but the number of claims. */
export interface Growth {
  series: string;
  cells: number;
  /** Of the median time from created to bound, over the number of claims. */
  exponent: Fit | undefined;
  /** Of the time until all are bound, in milliseconds for each claim more. */
  perClaim: Fit | undefined;
}

/** Returns how each series grows that has at least two numbers of claims which were finished. */
export function growthOf(cells: readonly MeasuredCell[]): Growth[] {
  return [...grouped(finishedCells({ cells }), seriesOf)].flatMap(([series, all]) => {
    const perClaim = slopeOf(all.map(({ claims, measured }) => [claims, measured.allBound]));
    if (perClaim === undefined) return [];
    const exponent = exponentOf(all.map(({ claims, measured }) => [claims, measured.bound.p50]));
    return [{ series, cells: all.length, exponent, perClaim }];
  });
}

/** Returns `100 nodes, WaitForFirstConsumer, one class`. */
function seriesOf(load: Load): string {
  return `${nodesText(load)}, ${bindingText(load.binding)}, ${layoutText(load)}`;
}

/** Returns `100 nodes`; with none that kwok plays, `3 real nodes`. */
export function nodesText({ nodes }: Pick<Load, 'nodes'>): string {
  return nodes === 0 ? '3 real nodes' : `${nodes} nodes`;
}

/** How many nodes have a cell's volumes. */
export function volumeNodes({ nodes }: Pick<Load, 'nodes'>): number {
  return nodes === 0 ? 3 : nodes;
}

/** Returns a program's CPU time for each claim of a cell with its pod, in milliseconds. Undefined where it was not read. */
export function cpuPerClaim({ claims, measured }: MeasuredCell, program: Program): number | undefined {
  const use = measured.controlPlane[program];
  return use && (1_000 * use.cpuSeconds) / claims;
}

/**
 * Writes of the controller manager for a claim: phase and reservation of the volume, reference and phase of the claim.
 * Where a pod is waited for, the scheduler reserves the volume.
 */
const writes = { wait: 3, immediate: 4 } as const;

/** Returns the least seconds in which the client of the controller manager can bind so many claims. */
export function limiterSeconds({ claims, binding }: Pick<Load, 'claims' | 'binding'>, limits: Limits): number {
  const { qps, burst } = clientLimits[limits].controllerManager;
  return Math.max(0, (claims * writes[binding] - burst) / qps);
}

/** A machine that is idle for less than this share of the time is what limits a storm. */
const busy = 0.05;

/** Returns the sentences that say which constants of Kubernetes explain a cell's times. */
export function termsOf(cell: MeasuredCell, limits: Limits): string[] {
  const { claims, rate, binding, measured, unfinished } = cell;
  const { qps, burst } = clientLimits[limits].controllerManager;
  const needed = measured.allBound / 1_000;
  const all =
    unfinished.count === 0
      ? `all were bound after ${seconds(needed)}`
      : `${unfinished.count} were not finished at the deadline, the others were bound after ${seconds(needed)}`;
  const least = limiterSeconds(cell, limits);
  const arrived = (claims - 1) / rate;
  const bound = least > arrived ? 'the limiter' : 'the arrivals';
  const share = Math.max(least, arrived) / Math.max(needed, 0.001);
  return [
    `all claims arrived within ${seconds(arrived)}; ${writes[binding]} writes for each at ${qps} requests a second, burst ${burst}, take at least ${seconds(least)}; ${all}${unfinished.count === 0 ? `, ${inPercent(share)} of which are those of ${bound}` : ''}`,
    `${inPercent(measured.withinOneLook)} of pods were scheduled within a second of their claim being bound, half of them within ${seconds(measured.boundToScheduled.p50 / 1_000)}: ${binding === 'wait' ? 'the scheduler looks once a second whether it is (PreBind)' : 'the scheduler tries a pod again when its claim is bound'}`,
    `the longest time in which no claim was bound was ${seconds(measured.longestPause / 1_000)}; the controller looks at every claim again each 15 s`,
    ...(measured.cpuIdle < busy
      ? [
          `the machine was idle for ${inPercent(measured.cpuIdle)} of that time: the times are its own as much as those of Kubernetes`,
        ]
      : []),
  ];
}

function seconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
}

/** Returns `1.02 ± 0.04`, or without an error `1.02 (two points)`. */
export function fitText(fit: Fit | undefined, digits: number, unit = ''): string {
  if (fit === undefined) return 'not measured';
  const error = fit.error === undefined ? '' : ` ± ${fit.error.toFixed(digits)}`;
  return `${fit.slope.toFixed(digits)}${error}${unit}${fit.error === undefined ? ' (two points)' : ''}`;
}
