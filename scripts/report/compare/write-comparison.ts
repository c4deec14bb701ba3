import { join } from 'node:path';
import { writeAtomically } from '../../../clusters/host/write-atomically.ts';
import { readPageParts } from '../formats/html/page.ts';
import type { LocalVolumeConformanceReport } from '../model/report.ts';
import { type Comparison, compareReports } from './compare.ts';
import { comparisonAsMarkdown } from './markdown.ts';
import { comparisonPage } from './page.ts';

/** Writes a comparison as Markdown, or as HTML. */
export async function writeMarkdown(file: string, comparison: Comparison): Promise<void> {
  writeAtomically(file, comparisonAsMarkdown(comparison));
}

export async function writeHtml(file: string, comparison: Comparison): Promise<void> {
  writeAtomically(file, comparisonPage(comparison, await readPageParts()));
}

/**
 * Compares reports with the first of them, and writes `comparison.md` and `comparison.html` into a folder that is
 * there.
 * @param reports two or more.
 */
export async function writeComparison(
  folder: string,
  reports: readonly LocalVolumeConformanceReport[],
): Promise<Comparison> {
  const comparison = compareReports(reports);
  await Promise.all([
    writeMarkdown(join(folder, 'comparison.md'), comparison),
    writeHtml(join(folder, 'comparison.html'), comparison),
  ]);
  return comparison;
}
