import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parseStrictDocument } from '../../clusters/yaml/strict-yaml.ts';

const inventorySchema = z.strictObject({
  sections: z.array(z.strictObject({ section: z.string(), rows: z.int().positive(), about: z.string() })).min(1),
  without: z.array(z.strictObject({ row: z.string(), reason: z.string().min(20) })),
});

/** What upstream's own tests cover about local volumes, by rows that requirements quote. */
export interface Inventory {
  /** Every row, such as `B14` or `12.3`. */
  rows: readonly string[];
  /** Why no requirement stands for a row. */
  without: ReadonlyMap<string, string>;
}

/** Reads the inventory. @throws BadConfiguration with file, line and key */
export function readInventory(): Inventory {
  const file = 'specs/catalogue/upstream.yaml';
  const path = fileURLToPath(new URL('./upstream.yaml', import.meta.url));
  const { value } = parseStrictDocument({ file, text: readFileSync(path, 'utf8') }, inventorySchema);
  const rows = value.sections.flatMap(({ section, rows: count }) =>
    Array.from({ length: count }, (_, index) => (section === '12' ? `12.${index + 1}` : `${section}${index + 1}`)),
  );
  return { rows, without: new Map(value.without.map(({ row, reason }) => [row, reason])) };
}
