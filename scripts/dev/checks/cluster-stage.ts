import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { convert } from 'xmlbuilder2';
import { z } from 'zod';
import { type ExitStatus, exitStatus } from '../../../clusters/errors/exit-status.ts';
import type { Counts } from '../../report/model/summary.ts';
import { journalPath } from '../../run/journal.ts';
import type { SpecRun } from './plan.ts';
import type { Stage, StageOutcome } from './tally.ts';

/** The specs on a cluster of their own, run by `lpv run` in a process of its own that writes to this terminal. */
export function clusterStage(
  run: SpecRun,
  start: (argv: readonly string[]) => Pick<ChildProcess, 'pid' | 'once'>,
): Stage {
  return {
    title: run.title,
    kind: 'cluster',
    async perform() {
      const began = Date.now();
      const child = start(run.argv);
      // An error is that it could not be started: once() rejects with it.
      const [status] = (await once(child as ChildProcess, 'exit')) as [number | null];
      const reports = resolve(run.options.report);
      const folders = await foldersOf(reports, child.pid ?? 0, began);
      const junit = folders.map((folder) => readFile(join(folder, 'junit_01.xml'), 'utf8').catch(() => undefined));
      return clusterOutcome(
        status,
        (await Promise.all(junit)).filter((text) => text !== undefined),
      );
    },
  };
}

/** What came of a run, by its exit status and its JUnit files: one for each minor that was run. */
export function clusterOutcome(status: number | null, junit: readonly string[]): StageOutcome {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const text of junit) {
    const of = countCases(text);
    counts.passed += of.passed;
    counts.failed += of.failed;
    counts.skipped += of.skipped;
  }
  if (status === exitStatus.conforms && counts.failed === 0 && counts.passed > 0) return { kind: 'passed', counts };
  const known = (Object.keys(exitStatus) as ExitStatus[]).find((name) => exitStatus[name] === status);
  const exit = known === undefined ? 'environment' : known === 'conforms' ? 'doesNotConform' : known;
  // A run that ended badly before or after its specs is a failure, too; what happened stands above.
  return { kind: 'failed', exit, output: '', counts: counts.failed > 0 ? counts : { ...counts, failed: 1 } };
}

const number = z.string().regex(/^\d+$/).transform(Number);
const suiteSchema = z.object({
  '@name': z.string(),
  '@tests': number,
  '@failures': number,
  '@errors': number,
  '@skipped': number,
});
const junitSchema = z.object({
  testsuites: z.object({ testsuite: z.union([suiteSchema.transform((suite) => [suite]), z.array(suiteSchema)]) }),
});

/** Counts the specs of a run. Its steps, which the suite "cluster" holds, count only where they failed. */
export function countCases(junit: string): Counts {
  const { testsuites } = junitSchema.parse(convert(junit, { format: 'object' }));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const suite of testsuites.testsuite) {
    const failed = suite['@failures'] + suite['@errors'];
    counts.failed += failed;
    if (suite['@name'] === 'cluster') continue;
    counts.skipped += suite['@skipped'];
    counts.passed += suite['@tests'] - failed - suite['@skipped'];
  }
  return counts;
}

const journalSchema = z.object({ process: z.object({ pid: z.int() }), started: z.iso.datetime() });

/**
 * The folders of that process's runs, in order: other runs may write into the same folder of reports. Those of a matrix
 * are in a folder of its own.
 */
export async function foldersOf(reports: string, pid: number, began: number): Promise<string[]> {
  const found: string[] = [];
  for (const name of (await readdir(reports).catch(() => [])).sort()) {
    const folder = join(reports, name);
    const inside = (await readdir(folder).catch(() => [])).sort().map((inner) => join(folder, inner));
    for (const candidate of [folder, ...inside]) {
      const text = await readFile(journalPath(candidate), 'utf8').catch(() => undefined);
      const journal = text === undefined ? undefined : journalSchema.safeParse(JSON.parse(text));
      // A pid is used again some day: a run that began before the process is another one's.
      if (journal?.data?.process.pid === pid && Date.parse(journal.data.started) >= began) found.push(candidate);
    }
  }
  return found;
}
