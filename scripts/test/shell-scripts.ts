import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../run/surroundings.ts';

/** Absolute paths of the POSIX shell scripts that nodes and node images are made with. */
export async function shellScripts(): Promise<string[]> {
  const entries = await readdir(join(projectRoot, 'clusters'), { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && (entry.name.endsWith('.sh') || entry.parentPath.endsWith('/sbin')))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}
