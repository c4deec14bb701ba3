import { cpus } from 'node:os';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { quantile } from '../../clusters/text/collections.ts';
import { cpuStealBetween, readCpuTime } from '../run/surroundings.ts';
import type { Arrivals } from './arrivals.ts';
import { type Program, type ProgramUse, programs } from './control-plane.ts';
import { type Moments, milestones } from './moments.ts';
import type { Measured, Quantiles } from './report/storm-file.ts';

/** The scheduler looks once a second whether a pod's claims are bound; some milliseconds are those of its answer. */
const oneLook = 1_100;

/** Points of a time line: as many as a picture shows. */
const mostPoints = 120;

/** Returns the quantiles of milliseconds; all of them 0 where there are none. */
export function quantilesOf(values: readonly number[]): Quantiles {
  const at = (part: number) => (values.length === 0 ? 0 : rounded(Math.max(0, quantile(values, part))));
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

/** Returns what the moments of a cell come to. */
export function figuresOf(
  moments: Moments,
): Omit<Measured, 'arrivals' | 'volumesAvailable' | 'controlPlane' | 'harness' | 'cpuIdle'> {
  const times = milestones.map((milestone) => [milestone, moments.times(milestone)] as const);
  const { bound = [], scheduled = [] } = Object.fromEntries(times);
  const allBound = rounded(bound.at(-1) ?? 0);
  const looks = moments.between('bound', 'scheduled');
  const end = Math.max(1, scheduled.at(-1) ?? 0, allBound);
  // Whole seconds, so that a point is at a moment that a reader can name.
  const step = Math.ceil(end / mostPoints / 1_000) * 1_000;
  const points = Array.from({ length: Math.ceil(end / step) + 1 }, (_, index) => index * step);
  return {
    reserved: quantilesOf(moments.between('created', 'reserved')),
    bound: quantilesOf(moments.between('created', 'bound')),
    scheduled: quantilesOf(moments.between('created', 'scheduled')),
    boundToScheduled: quantilesOf(looks),
    withinOneLook: looks.length === 0 ? 0 : looks.filter((ms) => ms <= oneLook).length / looks.length,
    ways: [50, 90, 99, 100].flatMap((percentile) => {
      const way = moments.wayAt(percentile / 100);
      if (!way) return [];
      const { reserved, bound: toBound, scheduled: toScheduled } = way;
      return [{ percentile, reserved: rounded(reserved), bound: rounded(toBound), scheduled: rounded(toScheduled) }];
    }),
    allBound,
    boundPerSecond: allBound === 0 ? 0 : rounded((bound.length * 1_000) / allBound),
    longestPause: rounded(bound.reduce((most, at, index) => Math.max(most, at - (bound[index - 1] ?? at)), 0)),
    timeline: points.map((point) => ({
      seconds: point / 1_000,
      ...(Object.fromEntries(times.map(([name, all]) => [name, upTo(all, point)])) as Record<
        (typeof milestones)[number],
        number
      >),
    })),
  };
}

/** Returns what the arrivals of a cell come to. */
export function arrivalFigures({ lateness, mostInFlight }: Arrivals): Measured['arrivals'] {
  return { lateness: quantilesOf(lateness), mostInFlight };
}

/** Returns how many of ascending values are at most `limit`. */
function upTo(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

type Uses = Partial<Record<Program, ProgramUse>>;

/** Returns what the programs used between two readings, the first of which began the count of the peak. */
export function useBetween(before: Uses, after: Uses): Measured['controlPlane'] {
  return Object.fromEntries(
    programs.flatMap((program) => {
      const [from, to] = [before[program], after[program]];
      if (!from || !to) return [];
      const cpuSeconds = Math.max(0, rounded(to.cpuSeconds - from.cpuSeconds, 100));
      const { memory: memoryAfter, memoryPeak } = to;
      return [[program, { cpuSeconds, memoryBefore: from.memory, memoryAfter, memoryPeak }]];
    }),
  );
}

/** Watches this process from now on. The result says what it used, and how late its timers were; it is called once. */
export async function watchHarness(): Promise<
  () => Promise<
    Pick<Measured, 'cpuIdle' | 'cpuSteal'> & Pick<Measured['harness'], 'memoryPeak' | 'cpuSeconds' | 'eventLoopDelay'>
  >
> {
  const resolution = 10;
  const delay: IntervalHistogram = monitorEventLoopDelay({ resolution });
  const [cpu, idle, machine] = [process.cpuUsage(), idleTime(), await readCpuTime()];
  delay.enable();
  return async () => {
    delay.disable();
    const { user, system } = process.cpuUsage(cpu);
    const now = idleTime();
    const cpuSteal = cpuStealBetween(machine, await readCpuTime());
    // What is counted is the time between two looks.
    const inMilliseconds = (nanoseconds: number) => rounded(Math.max(0, nanoseconds / 1e6 - resolution));
    return {
      // getrusage(2) counts the peak in KiB.
      memoryPeak: process.resourceUsage().maxRSS * 1024,
      cpuSeconds: rounded((user + system) / 1e6, 100),
      eventLoopDelay: { p99: inMilliseconds(delay.percentile(99)), max: inMilliseconds(delay.max) },
      cpuIdle: rounded((now.idle - idle.idle) / Math.max(1, now.all - idle.all), 1_000),
      ...(cpuSteal !== undefined && { cpuSteal }),
    };
  };
}

/** Returns the time of all processors until now, and how much of it they had nothing to do. */
function idleTime(): { idle: number; all: number } {
  const times = cpus().map((processor) => processor.times);
  const sum = (of: (time: (typeof times)[number]) => number) => times.reduce((total, time) => total + of(time), 0);
  return {
    idle: sum(({ idle }) => idle),
    all: sum(({ user, nice, sys, idle, irq }) => user + nice + sys + idle + irq),
  };
}

function rounded(value: number, parts = 10): number {
  return Math.round(value * parts) / parts;
}
