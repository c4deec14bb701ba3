import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { reportSchema } from './report.ts';

/** Where the schema lies for readers of reports in other languages. */
export const schemaFile = fileURLToPath(new URL('local-volume-conformance-report.schema.json', import.meta.url));

/** The JSON Schema (2020-12) of a report, as the file holds it. */
export function reportJsonSchema(): object {
  return z.toJSONSchema(reportSchema);
}
