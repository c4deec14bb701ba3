import { appendFileSync, createReadStream, createWriteStream } from 'node:fs';
import { cp, lstat, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BadConfiguration } from '../../../clusters/yaml/bad-configuration.ts';
import type { Trace } from '../../../specs/trace/trace.ts';
import { type NamedTrace, tracePath } from '../../trace/write-trace.ts';
import { namedProduct, type Product, readProduct } from '../formats/conformance/product.ts';
import type { LocalVolumeConformanceReport } from '../model/report.ts';
import { readReport, reportFile } from '../model/report-file.ts';
import type { NamedReport } from './merge-reports.ts';

/** The report of a run, and the folder in which its evidence, its log and its traces are. */
export interface ReportFolder extends NamedReport {
  folder: string;
  traces: readonly NamedTrace[];
}

/**
 * Returns a report with what belongs to it, given its file or its folder.
 * @throws BadConfiguration where a file is not what it should be
 */
export async function readReportFolder(path: string): Promise<ReportFolder> {
  const file = await reportFile(path);
  const folder = dirname(file);
  const report = await readReport(file);
  return { name: path, report, folder, traces: await readTraces(folder, report) };
}

/** Returns the traces that specs have recorded; a report folder may lack them. */
async function readTraces(folder: string, { requirements }: LocalVolumeConformanceReport): Promise<NamedTrace[]> {
  const traces: NamedTrace[] = [];
  for (const { id } of requirements) {
    const file = join(folder, tracePath(id, 'json'));
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) traces.push({ name: id, trace: parseTrace(file, text) });
  }
  return traces;
}

function parseTrace(file: string, text: string): Trace {
  const refuse = (what: string) => new BadConfiguration([{ file, line: 1, column: 1, key: '', text: what }]);
  let trace: Partial<Trace> | null;
  try {
    trace = JSON.parse(text) as Partial<Trace> | null;
  } catch (error) {
    throw refuse(`it is no JSON (${(error as Error).message})`);
  }
  if (typeof trace?.title !== 'string' || !Array.isArray(trace.mounts)) throw refuse('it is no trace');
  return trace as Trace;
}

/** Returns the product that the runs of shards have tested: as their conformance folders say it, or else as a report does. */
export async function productOf({ folder, report }: ReportFolder): Promise<Product> {
  const conformance = join(folder, 'conformance');
  for (const version of await readdir(conformance).catch(() => []))
    for (const name of await readdir(join(conformance, version)).catch(() => [])) {
      const product = await readProduct(join(conformance, version, name, 'PRODUCT.yaml'));
      if (product.name === report.implementation.project) return product;
    }
  return namedProduct(report.implementation);
}

/**
 * Copies what the shards' folders have beside their reports into that of the merged report: evidence, the nodes' logs in
 * a folder for each shard, and e2e.log, one after the other. Links are not followed, and not copied.
 */
export async function copyFolders(shards: readonly ReportFolder[], folder: string): Promise<void> {
  const log = join(folder, 'e2e.log');
  for (const { folder: from, report } of shards) {
    const of = `shard-${report.shard?.index ?? 0}`;
    await copyFiles(join(from, 'evidence'), join(folder, 'evidence'));
    await copyFiles(join(from, 'logs'), join(folder, 'logs', of));
    appendFileSync(log, `--- ${of}\n`);
    if ((await lstat(join(from, 'e2e.log')).catch(() => undefined))?.isFile())
      await pipeline(createReadStream(join(from, 'e2e.log')), createWriteStream(log, { flags: 'a' }));
  }
}

async function copyFiles(from: string, to: string): Promise<void> {
  if (!(await lstat(from).catch(() => undefined))?.isDirectory()) return;
  const filter = async (path: string) => {
    const found = await lstat(path);
    return found.isDirectory() || found.isFile();
  };
  await cp(from, to, { recursive: true, filter });
}
