import { chmod, mkdir, mkdtemp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import type { Comparison } from '../report/compare/compare.ts';
import { writeComparison } from '../report/compare/write-comparison.ts';
import { timestamp } from './run-identity.ts';
import { type RunOutcome, type RunPlan, runRequirements } from './run-requirements.ts';

/** The outcome of the same requirements on several minors of Kubernetes. */
export interface MatrixOutcome {
  runs: readonly RunOutcome[];
  /** The worst of the runs' exit statuses. */
  exitStatus: ExitStatus;
  /** Absolute path; the runs' folders are in it. */
  folder: string;
  /** Absent where fewer than two runs have a report. */
  comparison?: Comparison;
}

/** From good to bad. An interrupted run says least of all. */
const order: readonly ExitStatus[] = ['conforms', 'doesNotConform', 'badUsage', 'environment', 'interrupted'];

/** Returns the worst of several exit statuses. */
export function worstOf(statuses: readonly ExitStatus[]): ExitStatus {
  return statuses.reduce((worst, status) => (order.indexOf(status) > order.indexOf(worst) ? status : worst));
}

/**
 * Proves the same on each minor, one after the other: two clusters at once would disturb each other. Compares the
 * reports with the first, which is the baseline. A run that fails does not stop the others; an interruption does.
 */
export async function runOnEach(runPlans: readonly RunPlan[], reports: string): Promise<MatrixOutcome> {
  const minors = runPlans.map(({ plan }) => plan.minor.name);
  await mkdir(resolve(reports), { recursive: true });
  // With a suffix of its own, as two runs may begin in the same second.
  const folder = await mkdtemp(join(resolve(reports), `${timestamp(new Date())}-kubernetes-${minors.join('-')}-`));
  // Other report folders have the same mode; mkdtemp's is for this user only.
  await chmod(folder, 0o755);
  const runs: RunOutcome[] = [];
  for (const runPlan of runPlans) {
    runs.push(await runRequirements(runPlan, folder));
    if (runs.at(-1)?.exitStatus === 'interrupted') break;
  }
  const outcome = { runs, exitStatus: worstOf(runs.map(({ exitStatus }) => exitStatus)), folder };
  const all = runs.flatMap(({ report }) => report ?? []);
  if (all.length < 2) return outcome;
  return { ...outcome, comparison: await writeComparison(folder, all) };
}
