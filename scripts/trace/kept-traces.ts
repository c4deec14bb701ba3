import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evidenceOf } from '../../specs/runner/evidence.ts';
import type { Trace } from '../../specs/trace/trace.ts';
import { writeTrace } from './write-trace.ts';

/** The requirement whose spec keeps the trace of its pod as evidence. */
const traced = 'SEED-7';

/**
 * Draws the trace that a spec has kept as evidence into `traces/` of the report folder. Returns the paths, none without
 * one.
 */
export async function drawKeptTraces(folder: string): Promise<string[]> {
  const kept = evidenceOf(folder, traced).filter((path) => /\/\d+-trace\.json$/.test(path));
  const last = kept.at(-1);
  if (last === undefined) return [];
  const trace = JSON.parse(await readFile(join(folder, last), 'utf8')) as Trace;
  return await writeTrace(folder, traced, trace);
}
