import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../clusters/project-root.ts';

/** Absolute paths of the project's spec files, in the order of their names. */
export async function specFiles(): Promise<string[]> {
  const folder = join(projectRoot, 'specs');
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => /\.spec\.[jt]s$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}
