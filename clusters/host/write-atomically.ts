import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file next to its place and renames it. So a reader sees the old or the new content, never a part, even if
 * this process is killed. Creates the folder. Synchronous, so that older content never replaces newer content.
 * Own code: write-file-atomic and atomically handle signals and the exit of the process, which the run does.
 */
export function writeAtomically(path: string, text: string, { mode = 0o666, durable = false } = {}): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, text, { mode });
    if (durable) flush(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (durable) flush(dirname(path));
}

/**
 * Writes a value as JSON that only this user can read. The file is on the disk when this returns, and survives a power
 * cut.
 */
export function writePrivateJson(path: string, value: unknown): void {
  writeAtomically(path, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, durable: true });
}

function flush(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
