import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedTrace } from '../../../trace/write-trace.ts';
import type { LocalVolumeConformanceReport } from '../../model/report.ts';
import { readEvidence } from './evidence-files.ts';
import { readPageParts } from './page.ts';
import { reportPage } from './report-page.ts';

/**
 * Writes `report.html` into the report's folder: the whole report in one file that loads nothing, under 3 MB. Evidence
 * is read from the folder, and shown without secrets as far as there is room.
 */
export async function writeHtmlReport(
  folder: string,
  report: LocalVolumeConformanceReport,
  traces: readonly NamedTrace[],
): Promise<void> {
  const paths = report.requirements.flatMap(({ evidence }) => evidence);
  const [files, parts] = await Promise.all([readEvidence(folder, paths), readPageParts()]);
  await writeFile(join(folder, 'report.html'), reportPage(report, { files, traces, parts }));
}
