import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file next to its place and renames it, so that a reader, or a process killed here, leaves the old or the
 * new content, never a part. Creates the folder. Synchronous, so that an older content never replaces a newer one.
 * Own code: write-file-atomic and atomically hook signals and the exit of the process, which are the run's to handle.
 */
export function writeAtomically(path: string, text: string, { mode = 0o666, durable = false } = {}): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, text, { mode });
  if (durable) flush(temporary);
  renameSync(temporary, path);
  if (durable) flush(dirname(path));
}

/** Writes a value as JSON, readable by this user only. It is on the disk when this returns: a power cut leaves it whole. */
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
