import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalVolumeConformanceReport } from '../../model/report.ts';
import { readEvidence } from './evidence-files.ts';
import { readPageParts } from './page.ts';
import { reportPage } from './report-page.ts';
import { readTraces } from './traces.ts';

/**
 * Writes `report.html` into the report's folder: the whole report in one file that loads nothing, under 3 MB.
 * Evidence and traces are read from the folder, and shown without secrets as far as there is room.
 */
export async function writeHtmlReport(folder: string, report: LocalVolumeConformanceReport): Promise<void> {
  const [files, traces, parts] = await Promise.all([
    readEvidence(
      folder,
      report.requirements.flatMap(({ evidence }) => evidence),
    ),
    readTraces(folder),
    readPageParts(),
  ]);
  await writeFile(join(folder, 'report.html'), reportPage(report, { files, traces, parts }));
}
