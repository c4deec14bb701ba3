import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import {
  identifyProcess,
  type Liveness,
  livenessOf,
  type ProcessIdentity,
  processIdentitySchema,
} from './process-identity.ts';

const occupationSchema = z.strictObject({ process: processIdentitySchema });

/**
 * Takes a cluster that is there for one run until it is disposed: two at once would use the same disks, and one would
 * disturb what the other has alone. `folder` is that of the registry.
 * @throws DomainError (environment) while another process has it; one that has died has nothing
 */
export async function occupy(
  cluster: string,
  folder: string,
  ourselves: ProcessIdentity = identifyProcess(),
  probe: (process: ProcessIdentity) => Liveness = (identity) => livenessOf(identity),
): Promise<AsyncDisposable> {
  const file = join(folder, `${cluster}.used-by`);
  await mkdir(folder, { recursive: true });
  if (!(await written(file, ourselves))) {
    const holder = await holderOf(file);
    if (holder && probe(holder) !== 'dead') throw occupied(cluster, holder, file);
    await rm(file, { force: true });
    // Of two that find a dead one's file at once, one is the first to write.
    if (!(await written(file, ourselves))) throw occupied(cluster, await holderOf(file), file);
  }
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
}

/** Whether the file was made, and is ours; false where there is one. */
async function written(file: string, process: ProcessIdentity): Promise<boolean> {
  try {
    await using handle = await open(file, 'wx', 0o600);
    await handle.writeFile(JSON.stringify({ process }));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Marks something as this process's, in a file that {@link holderOf} reads. */
export async function markAsOurs(file: string): Promise<void> {
  await writeFile(file, JSON.stringify({ process: identifyProcess() }));
}

/** Whose something is. Undefined where the file is gone, or was never written to its end. */
export async function holderOf(file: string): Promise<ProcessIdentity | undefined> {
  try {
    return occupationSchema.parse(JSON.parse(await readFile(file, 'utf8'))).process;
  } catch {
    return undefined;
  }
}

function occupied(cluster: string, holder: ProcessIdentity | undefined, file: string): DomainError {
  return new DomainError({
    attempted: `using the cluster ${cluster}`,
    seen: holder === undefined ? `another run has just taken it (${file})` : `process ${holder.pid} runs on it`,
    why: 'two runs at once would use the same disks, and disturb what the other has for itself',
    remedy: 'wait until that run has ended, or make another cluster: lpv up --name NAME',
  });
}
