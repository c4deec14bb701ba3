import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import { registryFolder } from './registry.ts';

const holderSchema = z.strictObject({ pid: z.int().positive(), verb: z.string(), since: z.iso.datetime() });

/** Who holds a lock, as its file says it. */
type Holder = z.infer<typeof holderSchema>;

/**
 * Locks an existing cluster for one run until the result is disposed. Two runs at once would use the same disks, and
 * one would disturb specs that need a node for themselves.
 *
 * The lock is the kernel's, through flock(1): it ends with its holder, however that ends, and no two can have it.
 * (proper-lockfile removes a lock that it takes for stale, and two processes that do so at once both get it.)
 * The file stays where it is, because removing a locked file lets a second process lock a new file of that name.
 * @throws DomainError while another process holds the lock, or where there is no flock(1)
 */
export async function lockCluster(
  cluster: string,
  verb: string,
  folder: string = registryFolder(process.env),
): Promise<AsyncDisposable> {
  const file = join(folder, `${cluster}.lock`);
  await mkdir(folder, { recursive: true });
  // In a process group of its own, so that Ctrl-C does not end the lock before the run; cat ends when we do.
  const child = spawn('flock', ['-n', file, 'sh', '-c', 'echo locked && exec cat'], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(child, 'close');
  const locked = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)]).catch(
    (error: unknown) => {
      throw noFlock(cluster, error);
    },
  );
  if (!locked) {
    if (child.exitCode === 1) throw inUse(cluster, await holderOf(file), file);
    throw noFlock(cluster, `flock ended with status ${child.exitCode} for ${file}`);
  }
  const holder: Holder = { pid: process.pid, verb, since: new Date().toISOString() };
  await writeFile(file, JSON.stringify(holder));
  return { [Symbol.asyncDispose]: () => unlock(file, child) };
}

async function unlock(file: string, child: ChildProcess): Promise<void> {
  await writeFile(file, '');
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.stdin?.end();
  await ended;
}

/** Returns the holder that a lock's file names; undefined in the moment before it is written. */
async function holderOf(file: string): Promise<Holder | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function inUse(cluster: string, holder: Holder | undefined, file: string): DomainError {
  return new DomainError({
    attempted: `using the cluster ${cluster}`,
    on: file,
    seen: holder
      ? `process ${holder.pid} (lpv ${holder.verb}) has used it since ${holder.since}`
      : 'another run has just locked it',
    why: 'two runs at once would use the same disks, and disturb specs that need a node for themselves',
    remedy: 'wait until that run has ended, or make another cluster: lpv up --name NAME',
  });
}

function noFlock(cluster: string, error: unknown): DomainError {
  return new DomainError(
    {
      attempted: `locking the cluster ${cluster}`,
      seen: messageOf(error),
      why: 'the lock keeps two runs from using one cluster at once',
      ...((error as NodeJS.ErrnoException).code === 'ENOENT' && {
        remedy: 'install flock(1), which is in the package util-linux',
      }),
    },
    { cause: error },
  );
}
