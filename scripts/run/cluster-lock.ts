import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { lockFile } from '../../clusters/host/file-lock.ts';
import { lpv } from '../../clusters/project-root.ts';
import { registryFolder } from './registry.ts';

const holderSchema = z.strictObject({ pid: z.int().positive(), verb: z.string(), since: z.iso.datetime() });

/** Who holds a lock, as its file says it. */
type Holder = z.infer<typeof holderSchema>;

/**
 * Locks an existing cluster for one run until the result is disposed. Two runs at once would use the same disks, and
 * one would disturb specs that need a node for themselves.
 * @throws DomainError while another process holds the lock, or where there is no flock(1)
 */
export async function lockCluster(
  cluster: string,
  verb: string,
  folder: string = registryFolder(process.env),
): Promise<AsyncDisposable> {
  const file = fileOf(cluster, folder);
  const lock = await lockFile(file, {
    what: `the cluster ${cluster}`,
    why: 'the lock keeps two runs from using one cluster at once',
  });
  if (lock === undefined) throw new ClusterInUse(verb, cluster, await holderOf(file), file);
  const holder: Holder = { pid: process.pid, verb, since: new Date().toISOString() };
  lock.write(JSON.stringify(holder));
  return lock;
}

/** Removes the lock file that a killed run left of a cluster; where a process holds the lock, that one removes it. */
export async function removeClusterLock(cluster: string, folder: string = registryFolder(process.env)): Promise<void> {
  if (!existsSync(fileOf(cluster, folder))) return;
  const lock = await lockCluster(cluster, 'down', folder).catch(() => undefined);
  await lock?.[Symbol.asyncDispose]();
}

function fileOf(cluster: string, folder: string): string {
  return join(folder, `${cluster}.lock`);
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
        ? `wait until that process has ended; ${lpv('down --force')} removes the cluster under it`
        : `wait until that process has ended, or make another cluster: ${lpv('up --name NAME')}`,
    });
  }
}
