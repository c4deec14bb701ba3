import { writeFileSync } from 'node:fs';
import { reportJsonSchema, schemaFile } from './report.ts';

// After a change to report.ts: `npm run fix:schema`, which also has the file formatted.
writeFileSync(schemaFile, `${JSON.stringify(reportJsonSchema(), null, 2)}\n`);
