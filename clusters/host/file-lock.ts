import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { close, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { DomainError, messageOf } from '../errors/domain-error.ts';

/** A lock that this process holds until it is disposed. */
export interface FileLock extends AsyncDisposable {
  /** Replaces the content of the lock's file, which others may read. */
  write(text: string): void;
}

/** What is locked, and why. Both appear in messages. */
export interface LockPurpose {
  what: string;
  why: string;
}

/**
 * Returns the lock of a file, or undefined while another process holds it. With `wait`, waits until that process has
 * unlocked the file. The file is created, and removed when the lock is disposed.
 *
 * The kernel keeps the lock, through flock(1), on a file that this process has open. It ends with the process, even if
 * that is killed, and two processes never have it. (proper-lockfile removes a lock that it believes to be stale. Two
 * processes that do so at once both get it.) Only the holder may remove the file, and does so before it unlocks.
 * @throws DomainError if there is no flock(1); the reason of the signal
 */
export async function lockFile(
  file: string,
  purpose: LockPurpose,
  { wait = false, signal }: { wait?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<FileLock | undefined> {
  await mkdir(dirname(file), { recursive: true });
  for (;;) {
    // A descriptor, because Node closes a FileHandle that is garbage, and the lock would end with it.
    const descriptor = openSync(file, 'a', 0o600);
    try {
      if (!(await flock(descriptor, purpose, wait, signal))) {
        await closed(descriptor);
        return undefined;
      }
      if (await isStillAt(file, descriptor)) {
        return {
          write(text) {
            ftruncateSync(descriptor);
            writeSync(descriptor, text);
          },
          [Symbol.asyncDispose]: () => rm(file, { force: true }).finally(() => closed(descriptor)),
        };
      }
    } catch (error) {
      await closed(descriptor);
      throw error;
    }
    // The previous holder removed the file after we had opened it. So this lock excludes no other process.
    await closed(descriptor);
  }
}

const closed = promisify(close);

/** Returns whether this process now holds the lock of an open file; false while another process holds it. */
async function flock(
  descriptor: number,
  purpose: LockPurpose,
  wait: boolean,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  // In a process group of its own, so that Ctrl-C does not end it.
  const child = spawn('flock', wait ? ['3'] : ['-n', '3'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
    ...(signal && { signal }),
  });
  const [status] = await once(child, 'close').catch((error: unknown) => {
    signal?.throwIfAborted();
    throw noFlock(purpose, error);
  });
  signal?.throwIfAborted();
  if (status !== 0 && status !== 1) throw noFlock(purpose, `flock ended with status ${status}`);
  return status === 0;
}

/** Returns whether a path still leads to the file that is open. */
async function isStillAt(path: string, descriptor: number): Promise<boolean> {
  const open = fstatSync(descriptor);
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && found.ino === open.ino && found.dev === open.dev;
}

function noFlock({ what, why }: LockPurpose, error: unknown): DomainError {
  return new DomainError(
    {
      attempted: `locking ${what}`,
      seen: messageOf(error),
      why,
      ...((error as NodeJS.ErrnoException).code === 'ENOENT' && {
        remedy: 'install flock(1), which is in the package util-linux',
      }),
    },
    { cause: error },
  );
}
