import { join } from 'node:path';
import { $, type ProcessPromise } from 'zx';
import type { Versions } from '../../clusters/configuration/versions.ts';
import { type ExitStatus, exitStatus } from '../../clusters/errors/exit-status.ts';
import { Engine, probeEngine } from '../../clusters/host/engine/engine.ts';
import { presentNodeImage } from '../../clusters/host/node-image/acquire.ts';
import { readImageWish } from '../../clusters/host/node-image/choose.ts';
import { plainCounts } from '../report/model/counts.ts';
import type { LocalVolumeConformanceReport } from '../report/model/report.ts';
import { readReport } from '../report/model/report-file.ts';
import { isLent } from '../report/model/reproduce.ts';
import { awaitChecks, type ChecksEnded } from '../run/awaited-checks.ts';
import type { InterruptSignal } from '../run/signals.ts';
import { readRunOptions } from '../verbs/run.ts';
import type { Outcome } from './checks.ts';

/**
 * Returns whether the run of a command line can create its cluster at once. Otherwise it comes after the checks: getting
 * engine or node image may take all processors for minutes, and a cluster of the user's is touched by a good tree only.
 */
export async function createsAtOnce(argv: readonly string[], versions: Versions): Promise<boolean> {
  const options = readRunOptions(argv.slice(1));
  if (isLent(options) || options.use !== undefined || options.kubernetesSource !== undefined) return false;
  const engine = await probeEngine();
  if (engine.kind !== 'answers') return false;
  const minor = versions.minor(options.kubernetes?.[0]);
  const wish = readImageWish(options.image);
  return (await presentNodeImage({ wish, minor, versions, engine: new Engine(engine.facts) })) !== undefined;
}

/**
 * Runs the specs in a process of their own, which writes to this terminal, undoes what it made, and decides itself what
 * a further signal means. It sends the folders of its reports when it ends. Where checks go on, it creates its cluster
 * beside them, and waits for their end before the first spec.
 */
export async function runSpecs(
  command: readonly string[],
  passOnTo: (child: { pid?: number | undefined; kill(signal: InterruptSignal): unknown } | undefined) => void,
  checks?: Promise<ChecksEnded>,
): Promise<Outcome> {
  // A process group of its own: else Ctrl-C would reach it twice.
  const env = { ...process.env, ...(checks && { [awaitChecks]: 'yes' }) };
  const options = {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
    nothrow: true,
    prefix: 'exec ',
    env,
  };
  const started: ProcessPromise = $(options as Parameters<typeof $>[0] & object)`${[...command]}`;
  let folders: string[] = [];
  // The loader sends messages of its own.
  started.child?.on('message', (message: { reports?: string[] }) => {
    folders = message.reports ?? folders;
  });
  passOnTo(started.child);
  // One that has ended before needs no word.
  void checks?.then((ended) => started.child?.connected && started.child.send(ended));
  const { exitCode } = await started;
  passOnTo(undefined);
  const reports = await Promise.all(folders.map((folder) => readReport(join(folder, 'report.yaml'))));
  return outcomeOfSpecs(exitCode, reports);
}

/** Returns the outcome of a run from its exit status and its reports, one for each minor. */
export function outcomeOfSpecs(
  status: number | null,
  reports: readonly Pick<LocalVolumeConformanceReport, 'statistics' | 'outside' | 'steps'>[],
): Outcome {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { statistics, outside, steps } of reports) {
    counts.passed += statistics.passed;
    counts.skipped += plainCounts(statistics).skipped;
    counts.failed += statistics.failed + outside.length + steps.filter(({ outcome }) => outcome === 'failed').length;
  }
  if (status === exitStatus.conforms && counts.failed === 0 && counts.passed > 0) return { kind: 'passed', counts };
  const known = (Object.keys(exitStatus) as ExitStatus[]).find((name) => exitStatus[name] === status);
  const exit = known === undefined ? 'environment' : known === 'conforms' ? 'doesNotConform' : known;
  // A run that ended badly before or after its specs is a failure, too; what happened stands above.
  return { kind: 'failed', exit, output: '', counts: { ...counts, failed: Math.max(counts.failed, 1) } };
}
