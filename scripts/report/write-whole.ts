import { renameSync, writeFileSync } from 'node:fs';

/** Writes a file beside its place and moves it there: a reader, and a run that is killed, finds all of it or none. */
export function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
