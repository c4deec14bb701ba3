import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf } from '../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { Terminal, terminalCapabilities } from '../report/formats/terminal.ts';
import { mergeReports, shardsAmong } from '../report/merge/merge-reports.ts';
import { copyFolders, productOf, type ReportFolder, readReportFolder } from '../report/merge/shard-folder.ts';
import { writeReportFiles } from '../report/report-files.ts';
import { runIdentity } from '../run/run-identity.ts';
import { assertReportFolder } from './report-folder.ts';

/** Merges the reports at these paths into a new folder, and returns the exit status of the merged verdict. */
export async function mergeShards(paths: readonly string[], options: { report: string }): Promise<ExitStatus> {
  const given: ReportFolder[] = [];
  // One after the other, so that the error names the first that is wrong.
  for (const path of paths) given.push(await readReportFolder(path));
  const reports = shardsAmong(given);
  const shards = reports.flatMap((report) => given.find((one) => one.report === report) ?? []);
  const [first] = shards;
  if (!first) throw new Error('there is no shard');
  const kubernetes = reports.find(({ environment }) => environment.kubernetes !== null)?.environment.kubernetes;
  const version = kubernetes ?? first.report.implementation.version;
  const product = await productOf(first);
  await assertReportFolder(options.report);

  const identity = runIdentity();
  const folder = join(resolve(options.report), identity.folder.replace(/^reports\//, ''));
  const report = mergeReports(reports, identity.id);
  await mkdir(folder, { recursive: true });
  await copyFolders(shards, folder);
  const traces = shards.flatMap((shard) => shard.traces);
  using terminal = new Terminal({
    output: process.stdout,
    ...terminalCapabilities(process.stdout, process.env),
    folder,
  });
  const exitStatus = report.exitStatus ?? 'environment';
  terminal.end({ exitStatus, verdict: report.verdict, milliseconds: report.milliseconds, report });
  const broken = await writeReportFiles(folder, { report, product, traces, kubernetes: version }, process.env);
  for (const { part, error } of broken) process.stderr.write(`${part} could not be written: ${messageOf(error)}\n`);
  return broken.length > 0 && exitStatus === 'conforms' ? 'environment' : exitStatus;
}
