import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from './surroundings.ts';

/** Absolute paths of the project's spec files, in the order of their names. */
export async function specFiles(): Promise<string[]> {
  const folder = join(projectRoot, 'specs');
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith('.spec.ts'))
    .sort()
    .map((name) => join(folder, name));
}
