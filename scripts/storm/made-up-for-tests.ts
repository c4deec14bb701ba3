import type { Load } from './cells.ts';
import { type MeasuredCell, type Storm, type StormCell, stormVersion } from './report/storm-file.ts';

const quantiles = (p50: number) => ({ p50, p90: p50 * 1.8, p99: p50 * 2, max: p50 * 2.1 });

/** Returns a cell that held, in which binding took 100 ms for each claim. */
export function madeUpCell(more: Partial<Load & StormCell> = {}, perClaim = 100): MeasuredCell {
  const claims = more.claims ?? 100;
  const p50 = (perClaim * claims) / 2;
  const use = { cpuSeconds: claims / 100, memoryBefore: 1e8, memoryAfter: 1.1e8, memoryPeak: 1.2e8 };
  return {
    nodes: 100,
    claims,
    binding: 'wait',
    layout: 'shared',
    classes: 1,
    rate: 50,
    round: 1,
    outcome: 'held',
    violations: [],
    unfinished: { count: 0, some: [] },
    measured: {
      volumesAvailable: 5_000,
      arrivals: { lateness: quantiles(0.4), mostInFlight: 3 },
      reserved: quantiles(p50 * 0.2),
      bound: quantiles(p50),
      scheduled: quantiles(p50 + 500),
      boundToScheduled: quantiles(500),
      withinOneLook: 0.97,
      ways: [50, 90, 99, 100].map((percentile) => ({ percentile, reserved: 20, bound: p50, scheduled: 500 })),
      allBound: perClaim * claims,
      boundPerSecond: 1_000 / perClaim,
      longestPause: 900,
      timeline: [
        { seconds: 0, created: 1, reserved: 0, bound: 0, scheduled: 0 },
        { seconds: (perClaim * claims) / 1_000, created: claims, reserved: claims, bound: claims, scheduled: claims },
      ],
      controlPlane: { 'kube-scheduler': use, 'kube-controller-manager': use, 'kube-apiserver': use, etcd: use },
      harness: {
        memoryPeak: 200 * 2 ** 20,
        cpuSeconds: 1.5,
        eventLoopDelay: { p99: 4, max: 30 },
        watchFaults: 0,
        missedEvents: 0,
      },
      cpuIdle: 0.4,
    },
    ...more,
  } as MeasuredCell;
}

/** Returns a cell that was not begun. */
export function skippedCell(more: Partial<Load> = {}): StormCell {
  const { measured: _, ...cell } = madeUpCell(more);
  return { ...cell, outcome: 'skipped', reason: 'the time of the storm, 15 min, was over' };
}

/** Returns a storm with these cells. */
export function madeUpStorm(
  cells: readonly StormCell[],
  more: Partial<Storm['environment']> = {},
  run = 'k3x9qd',
): Storm {
  return {
    ...stormVersion,
    run,
    date: '2026-11-27T20:30:00.000Z',
    milliseconds: 300_000,
    verdict: 'conforms: as made up',
    environment: {
      kubernetes: 'v1.37.2',
      limits: 'default',
      kwok: 'v0.8.0',
      harness: '0.1.0',
      node: 'v20.20.2',
      kernel: '6.18.3',
      cpus: 2,
      memoryBytes: 8 * 2 ** 30,
      ...more,
    },
    cells: [...cells],
  };
}
