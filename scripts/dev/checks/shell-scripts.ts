import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../../clusters/project-root.ts';

/** Absolute paths of the POSIX shell scripts that nodes and node images are made with. */
export async function shellScripts(): Promise<string[]> {
  const folders = ['clusters', 'specs'].map((name) => join(projectRoot, name));
  const entries = await Promise.all(folders.map((path) => readdir(path, { withFileTypes: true, recursive: true })));
  return entries
    .flat()
    .filter((entry) => entry.isFile() && (entry.name.endsWith('.sh') || entry.parentPath.endsWith('/sbin')))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}
