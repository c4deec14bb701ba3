import { join, resolve } from 'node:path';
import { writeAtomically } from '../../clusters/host/write-atomically.ts';
import { type NamedTrace, writeTrace } from '../trace/write-trace.ts';
import { writeConformanceFolder } from './formats/conformance/folder.ts';
import type { Product } from './formats/conformance/product.ts';
import { ctrfReport } from './formats/ctrf.ts';
import { writeForGithub } from './formats/github.ts';
import { writeHtmlReport } from './formats/html/report-page.ts';
import { junitXml } from './formats/junit.ts';
import type { LocalVolumeConformanceReport } from './model/report.ts';
import { writeReport } from './model/report-file.ts';

/** What the files of a run's report are made from. */
export interface ReportedRun {
  report: LocalVolumeConformanceReport;
  product: Product;
  /** How pods got their volumes, where specs have recorded it. */
  traces: readonly NamedTrace[];
  /** The version of Kubernetes, or the minor where the run made no cluster. */
  kubernetes: string;
}

/** A part of a report that could not be written. */
export interface BrokenPart {
  part: string;
  error: unknown;
}

/**
 * Writes every format of a report into the folder of its run. A part that cannot be written does not stop the others.
 * Returns the parts that could not be written.
 */
export async function writeReportFiles(
  folder: string,
  { report, product, traces, kubernetes }: ReportedRun,
  environment: NodeJS.ProcessEnv,
): Promise<BrokenPart[]> {
  const parts: Record<string, () => void | Promise<void>> = {
    'report.yaml': () => writeReport(join(folder, 'report.yaml'), report),
    'junit_01.xml': () => writeJunit(folder, report),
    'ctrf.json': () => writeAtomically(join(folder, 'ctrf.json'), `${JSON.stringify(ctrfReport(report), null, 2)}\n`),
    conformance: () => writeConformanceFolder(folder, report, product, kubernetes),
    traces: async () => {
      for (const trace of traces) await writeTrace(folder, trace);
    },
    'report.html': () => writeHtmlReport(folder, report, traces),
    'GitHub’s summary and outputs': () => {
      if (environment.GITHUB_ACTIONS !== 'true') return;
      const say = (line: string) => void process.stdout.write(`${line}\n`);
      const { GITHUB_STEP_SUMMARY: summaryFile, GITHUB_OUTPUT: outputFile } = environment;
      writeForGithub(report, { summaryFile, outputFile, folder: resolve(folder), say });
    },
  };
  const broken: BrokenPart[] = [];
  for (const [part, write] of Object.entries(parts)) {
    try {
      await write();
    } catch (error) {
      broken.push({ part, error });
    }
  }
  return broken;
}

/** Writes junit_01.xml alone: after each step, so that a killed run leaves a file, too. */
export function writeJunit(folder: string, report: LocalVolumeConformanceReport): void {
  writeAtomically(join(folder, 'junit_01.xml'), junitXml(report));
}
