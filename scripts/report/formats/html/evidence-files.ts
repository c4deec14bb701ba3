import { readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { redact } from '../../../../clusters/text/redact.ts';

/** A file beside the report. */
export interface EvidenceFile {
  /** Relative to the folder of the report, with slashes. */
  path: string;
  /** Size of the file in bytes. */
  bytes: number;
  /** Its text, without secrets. */
  text: string;
}

// Of a larger file the page has the size and a link: it is too long to read there.
const largest = 4_000_000;
const readAtOnce = 32;

/**
 * Reads files that a report names, each once. What is absent, is no file or is outside of the folder (a path with
 * `..`, a link that leads away) is left out: the report may come from anywhere.
 */
export async function readEvidence(
  folder: string,
  paths: Iterable<string>,
): Promise<ReadonlyMap<string, EvidenceFile>> {
  const root = await realpath(folder);
  const files = new Map<string, EvidenceFile>();
  const wanted = [...new Set(paths)].filter((path) => !isAbsolute(path));
  for (let at = 0; at < wanted.length; at += readAtOnce) {
    const some = await Promise.all(wanted.slice(at, at + readAtOnce).map((path) => readOne(root, path)));
    for (const file of some) if (file) files.set(file.path, file);
  }
  return files;
}

async function readOne(root: string, path: string): Promise<EvidenceFile | undefined> {
  try {
    const real = await realpath(join(root, path));
    const below = relative(root, real);
    if (below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below)) return undefined;
    const { size, isFile } = await stat(real).then((found) => ({ size: found.size, isFile: found.isFile() }));
    if (!isFile) return undefined;
    return { path, bytes: size, text: size > largest ? '' : redact(await readFile(real, 'utf8')) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined;
    throw error;
  }
}
