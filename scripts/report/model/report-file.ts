import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { writeAtomically } from '../../../clusters/host/write-atomically.ts';
import { BadConfiguration } from '../../../clusters/yaml/bad-configuration.ts';
import { parseStrictDocument, readSource } from '../../../clusters/yaml/strict-yaml.ts';
import type { YamlSource } from '../../../clusters/yaml/yaml-documents.ts';
import { fromEarlier, versionProblem } from './earlier-reports.ts';
import { type LocalVolumeConformanceReport, reportSchema } from './report.ts';

/** Returns the file of a report, given that file or the folder of its run. */
export async function reportFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ? join(path, 'report.yaml') : path;
}

/**
 * Returns the report of a report.yaml, also of an earlier version.
 * @throws BadConfiguration with file, line and key of each value that does not fit the schema
 */
export async function readReport(path: string): Promise<LocalVolumeConformanceReport> {
  return parseReport(await readSource(path));
}

/** Returns what readReport does, from a text. */
export function parseReport(source: YamlSource): LocalVolumeConformanceReport {
  return parseStrictDocument(source, readableReport, (_, document) => {
    const unreadable = versionProblem(document);
    if (unreadable) throw new BadConfiguration([unreadable]);
    return [];
  }).value;
}

const readableReport = z.preprocess(fromEarlier, reportSchema);

/**
 * Writes a report as YAML, once it fits its schema.
 * @throws DomainError that names each key that does not; nothing is written then
 */
export function writeReport(path: string, report: LocalVolumeConformanceReport): void {
  const checked = reportSchema.safeParse(report);
  if (!checked.success) {
    throw new DomainError({
      attempted: `writing ${path}`,
      seen: checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
      why: 'a report that does not fit its schema cannot be read or compared',
      remedy: 'this is a fault of the harness, not of the cluster: report it with these lines',
    });
  }
  // As the schema has checked it: its keys are in the schema's order.
  writeAtomically(path, reportText(checked.data));
}

/**
 * Returns a report as YAML. It has no anchors, and no line breaks other than those
 * in the text.
 */
export function reportText(report: LocalVolumeConformanceReport): string {
  return stringify(report, { lineWidth: 0, aliasDuplicateObjects: false });
}
