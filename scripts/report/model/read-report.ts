import { parseStrictDocument, readSource } from '../../../clusters/yaml/strict-yaml.ts';
import type { YamlSource } from '../../../clusters/yaml/yaml-documents.ts';
import { type LocalVolumeConformanceReport, reportSchema } from './report.ts';

/** Reads report.yaml. @throws BadConfiguration with file, line and key for whatever does not fit the schema */
export async function readReport(path: string): Promise<LocalVolumeConformanceReport> {
  return parseReport(await readSource(path));
}

/** As readReport, for a text. */
export function parseReport(source: YamlSource): LocalVolumeConformanceReport {
  return parseStrictDocument(source, reportSchema).value;
}
