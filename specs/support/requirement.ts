import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parseStrictDocument } from '../../clusters/configuration/strict-yaml.ts';

/** One thing that Kubernetes promises about local volumes. The catalogue says what; a spec proves it. */
const requirementSchema = z.strictObject({
  /** Stable: reports are compared by it. */
  id: z.string().regex(/^[A-Z]+(-[A-Z]+)*-\d+$/),
  sentence: z.string().min(1),
  level: z.enum(['core', 'extended']),
  /** Where Kubernetes promises it. */
  source: z.string().min(1),
  /** What would turn the spec red. */
  refutedBy: z.string().min(1),
});

const chapterSchema = z.strictObject({ chapter: z.string(), requirements: z.array(requirementSchema).min(1) });

export type Requirement = z.infer<typeof requirementSchema>;

/** A chapter of the catalogue, and the way to prove its requirements. */
export interface Chapter {
  requirements: readonly Requirement[];
  /** Declares the spec that proves a requirement; its title is the requirement's id and sentence. */
  proves(id: string, proof: (this: Mocha.Context) => Promise<void>): void;
}

/** Reads a chapter of the catalogue, such as `scenario`. @throws BadConfiguration with file, line and key */
export function readChapter(name: string): Chapter & { chapter: string } {
  const path = fileURLToPath(new URL(`../catalogue/${name}.yaml`, import.meta.url));
  const source = { file: relative(process.cwd(), path), text: readFileSync(path, 'utf8') };
  const { value } = parseStrictDocument(source, chapterSchema);
  return {
    ...value,
    proves(id, proof) {
      const requirement = value.requirements.find((candidate) => candidate.id === id);
      if (!requirement) throw new Error(`${id} is not in catalogue/${name}.yaml`);
      it(`${id} ${requirement.sentence}`, proof);
    },
  };
}
