import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { writeAtomically } from '../../../clusters/host/write-atomically.ts';
import { parseStrictDocument, readSource } from '../../../clusters/yaml/strict-yaml.ts';
import type { YamlSource } from '../../../clusters/yaml/yaml-documents.ts';
import { bindings, layouts, limitNames } from '../cells.ts';
import { programs } from '../control-plane.ts';

/** What the file says of itself; readers refuse another version. */
export const stormVersion = { apiVersion: 'local-volume-conformance/v1alpha1', kind: 'ClaimStorm' } as const;

/** The name of the file in the folder of its run. */
const stormFileName = 'storm.yaml';

const text = z.string();
const count = z.int().nonnegative();
const milliseconds = z.number().nonnegative();
const bytes = z.int().nonnegative();

/** Milliseconds. */
const quantiles = z.strictObject({ p50: milliseconds, p90: milliseconds, p99: milliseconds, max: milliseconds });

const programUse = z.strictObject({
  /** In the cell. */
  cpuSeconds: z.number().nonnegative(),
  /** Resident bytes: before the first claim, after the last, and at most between them. */
  memoryBefore: bytes,
  memoryAfter: bytes,
  memoryPeak: bytes,
});

const measured = z.strictObject({
  /** From the first volume's creation until all are Available. */
  volumesAvailable: milliseconds,
  arrivals: z.strictObject({
    /** How long after its time a claim was sent: what the harness itself was late. */
    lateness: quantiles,
    /** Requests of the harness that were under way at once. */
    mostInFlight: count,
  }),
  /** From created to the milestone, of the claims that reached it. */
  reserved: quantiles,
  bound: quantiles,
  scheduled: quantiles,
  boundToScheduled: quantiles,
  /** The share of pods that were scheduled within a second of their claim being bound. */
  withinOneLook: z.number().min(0).max(1),
  /** The claim at each percentile, by created to scheduled: milliseconds of each of its phases, which add up. */
  ways: z.array(
    z.strictObject({
      percentile: z.number().min(0).max(100),
      reserved: milliseconds,
      bound: milliseconds,
      scheduled: milliseconds,
    }),
  ),
  /** From the first claim created to the last bound. */
  allBound: milliseconds,
  boundPerSecond: z.number().nonnegative(),
  /** The longest time in which no claim was bound, between the first and the last that was. */
  longestPause: milliseconds,
  /** How many claims had reached which milestone, by seconds from the first. */
  timeline: z.array(
    z.strictObject({
      seconds: z.number().nonnegative(),
      created: count,
      reserved: count,
      bound: count,
      scheduled: count,
    }),
  ),
  controlPlane: z.partialRecord(z.enum(programs), programUse),
  harness: z.strictObject({
    /** The most that its process has had resident until then. */
    memoryPeak: bytes,
    cpuSeconds: z.number().nonnegative(),
    /** How late its timers were: no time in this file is more exact. */
    eventLoopDelay: z.strictObject({ p99: milliseconds, max: milliseconds }),
    /** Lists and watches that ended early and went on. */
    watchFaults: count,
    /** Changes whose times are those of a list, because the watch had missed them. */
    missedEvents: count,
  }),
  /** From 0 to 1: the share of the processors' time in which they had nothing to do. */
  cpuIdle: z.number().min(0).max(1),
  /** From 0 to 1: what the host gave to other machines. */
  cpuSteal: z.number().exactOptional(),
});

/** `held`: all claims were bound, all pods scheduled, and every invariant held. `skipped`: it was not begun. */
const outcome = z.enum(['held', 'violated', 'unfinished', 'skipped']);

const cell = z.strictObject({
  nodes: count,
  claims: z.int().positive(),
  binding: z.enum(bindings),
  layout: z.enum(layouts),
  classes: z.int().positive(),
  /** Claims a second. */
  rate: z.number().positive(),
  round: z.int().positive(),
  outcome,
  /** Why it was skipped. */
  reason: text.exactOptional(),
  violations: z.array(text),
  /** Claims that were not bound, or whose pods had no node, at the deadline. */
  unfinished: z.strictObject({ count, some: z.array(text) }),
  measured: measured.exactOptional(),
});

const storm = z.strictObject({
  apiVersion: z.literal(stormVersion.apiVersion),
  kind: z.literal(stormVersion.kind),
  run: text,
  /** ISO 8601. */
  date: text,
  milliseconds,
  verdict: text,
  environment: z.strictObject({
    /** Version of the API server. */
    kubernetes: text,
    /** Of the clients of controller manager and scheduler. */
    limits: z.enum(limitNames),
    kwok: text,
    harness: text,
    node: text,
    kernel: text,
    cpus: z.int().positive(),
    memoryBytes: bytes,
  }),
  cells: z.array(cell),
});

export type Storm = z.infer<typeof storm>;
export type StormCell = z.infer<typeof cell>;
export type Measured = z.infer<typeof measured>;
export type Quantiles = z.infer<typeof quantiles>;
/** A cell that was measured to its end, also where something did not hold in it. */
export type MeasuredCell = StormCell & { measured: Measured };

/** Whether a cell was measured. */
export function isMeasured(cell: StormCell): cell is MeasuredCell {
  return cell.measured !== undefined;
}

/** Returns the cells that were measured, in their order. */
export function measuredCells({ cells }: { cells: readonly StormCell[] }): MeasuredCell[] {
  return cells.filter(isMeasured);
}

/**
 * Returns the cells of which every claim was bound and every pod scheduled: only their times and costs compare with those
 * of others. Of a cell that was not finished, they are those of the claims that were fast.
 */
export function finishedCells(storm: { cells: readonly StormCell[] }): MeasuredCell[] {
  return measuredCells(storm).filter(({ unfinished }) => unfinished.count === 0);
}

/** Returns the file of a storm, given the file or the folder of its run; undefined where it is something else, or absent. */
export async function stormFile(path: string): Promise<string | undefined> {
  const place = await stat(path).catch(() => undefined);
  const file = place?.isDirectory() ? join(path, stormFileName) : path;
  const text = await readFile(file, 'utf8').catch(() => '');
  return new RegExp(`^kind: ${stormVersion.kind}$`, 'm').test(text) ? file : undefined;
}

/**
 * Returns the storm of a file.
 * @throws BadConfiguration with file, line and key of each value that does not fit
 */
export async function readStorm(path: string): Promise<Storm> {
  return parseStorm(await readSource(path));
}

/** Returns what readStorm does, from a text. */
export function parseStorm(source: YamlSource): Storm {
  return parseStrictDocument(source, storm).value;
}

/** Writes storm.yaml into a folder. @throws DomainError for a value that does not fit; nothing is written then */
export function writeStorm(folder: string, given: Storm): void {
  const checked = storm.safeParse(given);
  if (!checked.success)
    throw new DomainError({
      attempted: `writing ${stormFileName}`,
      seen: z.prettifyError(checked.error),
      why: 'a storm that does not fit its schema cannot be read or compared',
      remedy: 'this is a fault of the harness, not of the cluster: report it with these lines',
    });
  writeAtomically(join(folder, stormFileName), stringify(checked.data, { lineWidth: 0, aliasDuplicateObjects: false }));
}
