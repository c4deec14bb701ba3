import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { close, existsSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
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
 * The lock is the kernel's, through flock(1), on a file that this process has open: it ends with the process, however
 * that ends, and no two can have it. (proper-lockfile removes a lock that it takes for stale, and two processes that
 * do so at once both get it.) Only the holder may remove the file, and does so before it unlocks.
 * @throws DomainError while another process holds the lock, or where there is no flock(1)
 */
export async function lockCluster(
  cluster: string,
  verb: string,
  folder: string = registryFolder(process.env),
): Promise<AsyncDisposable> {
  const file = lockFile(cluster, folder);
  await mkdir(folder, { recursive: true });
  for (;;) {
    // A descriptor, because Node closes a forgotten FileHandle, and with it the lock would end.
    const descriptor = openSync(file, 'a');
    try {
      if (!(await flock(descriptor, cluster))) throw new ClusterInUse(verb, cluster, await holderOf(file), file);
      if (await isStillAt(file, descriptor)) {
        const holder: Holder = { pid: process.pid, verb, since: new Date().toISOString() };
        ftruncateSync(descriptor);
        writeSync(descriptor, JSON.stringify(holder));
        return { [Symbol.asyncDispose]: () => rm(file, { force: true }).finally(() => closed(descriptor)) };
      }
    } catch (error) {
      await closed(descriptor);
      throw error;
    }
    // The holder before us removed the file after we had opened it: this lock keeps no other process out.
    await closed(descriptor);
  }
}

/** Removes the lock file that a killed run left of a cluster; where a process holds the lock, that one removes it. */
export async function removeClusterLock(cluster: string, folder: string = registryFolder(process.env)): Promise<void> {
  if (!existsSync(lockFile(cluster, folder))) return;
  const lock = await lockCluster(cluster, 'down', folder).catch(() => undefined);
  await lock?.[Symbol.asyncDispose]();
}

const closed = promisify(close);

function lockFile(cluster: string, folder: string): string {
  return join(folder, `${cluster}.lock`);
}

/** Returns whether this process has got the lock of an open file; false while another process holds it. */
async function flock(descriptor: number, cluster: string): Promise<boolean> {
  // In a process group of its own, so that Ctrl-C does not end it half way.
  const child = spawn('flock', ['-n', '3'], { detached: true, stdio: ['ignore', 'ignore', 'ignore', descriptor] });
  const [status] = await once(child, 'close').catch((error: unknown) => {
    throw noFlock(cluster, error);
  });
  if (status !== 0 && status !== 1) throw noFlock(cluster, `flock ended with status ${status}`);
  return status === 0;
}

/** Returns whether a path still leads to the file that is open. */
async function isStillAt(path: string, descriptor: number): Promise<boolean> {
  const open = fstatSync(descriptor);
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && found.ino === open.ino && found.dev === open.dev;
}

/** Returns the holder that a lock's file names; undefined in the moment before it is written. */
async function holderOf(file: string): Promise<Holder | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Another process uses the cluster. */
export class ClusterInUse extends DomainError {
  override readonly name = 'ClusterInUse';

  constructor(verb: string, cluster: string, holder: Holder | undefined, file: string) {
    const remove = verb === 'down' || verb === 'clean';
    super({
      attempted: `${remove ? 'removing' : 'using'} the cluster ${cluster}`,
      on: file,
      seen: holder
        ? `process ${holder.pid} (lpv ${holder.verb}) has used it since ${holder.since}`
        : 'another process has just locked it',
      why: 'two at once would use the same disks, and disturb specs that need a node for themselves',
      remedy: remove
        ? 'wait until that process has ended; lpv down --force removes the cluster under it'
        : 'wait until that process has ended, or make another cluster: lpv up --name NAME',
    });
  }
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
