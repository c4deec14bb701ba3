import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../../clusters/project-root.ts';
import { parseStrictDocument } from '../../clusters/yaml/strict-yaml.ts';

/** How long specs take, in seconds, by the ids of their requirements. */
export type Durations = ReadonlyMap<string, number>;

/** Where the durations are that a run has measured. */
export const durationsFile = join(projectRoot, 'specs/catalogue/durations.yaml');

/** Seconds of a spec that no run has measured yet. */
const usualSeconds = 8;

const schema = z.record(z.string(), z.number().nonnegative());

/** Returns how long specs took when it was last measured. @throws BadConfiguration with file, line and key */
export function readDurations(): Durations {
  const source = { file: relative('.', durationsFile), text: readFileSync(durationsFile, 'utf8') };
  return new Map(Object.entries(parseStrictDocument(source, schema).value));
}

/** Returns what tells how long the spec of a requirement takes, in seconds: as usual where no run has measured it. */
export function secondsBy(durations: Durations): (requirement: { id: string }) => number {
  return ({ id }) => durations.get(id) ?? usualSeconds;
}
