import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import type { DiffOptions } from '../command-line/options.ts';
import { compareReports } from '../report/compare/compare.ts';
import { comparisonForTerminal } from '../report/compare/terminal.ts';
import { writeHtml, writeMarkdown } from '../report/compare/write-comparison.ts';
import { terminalManners } from '../report/formats/terminal.ts';
import { readReport } from '../report/model/read-report.ts';

/** `lpv diff`: lays reports side by side; the first is what the others are compared with. */
export default async function diff(options: DiffOptions): Promise<ExitStatus> {
  // One after the other, so that the first that is wrong is the one that is told.
  const reports = [];
  for (const path of options.reports) reports.push(await readReport(await reportFile(path)));
  const comparison = compareReports(reports);
  const { color } = terminalManners(process.stdout, process.env);
  process.stdout.write(comparisonForTerminal(comparison, color));
  if (options.markdown !== undefined) await writeMarkdown(options.markdown, comparison);
  if (options.html !== undefined) await writeHtml(options.html, comparison);
  return comparison.worse ? 'doesNotConform' : 'conforms';
}

/** A report is given by its file or by the folder of the run. */
async function reportFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ? join(path, 'report.yaml') : path;
}
