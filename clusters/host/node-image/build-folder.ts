import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DomainError } from '../../errors/domain-error.ts';
import { lpv } from '../../project-root.ts';
import type { Progress } from '../../text/progress.ts';
import { run } from '../command/commander.ts';
import { host } from '../command/host.ts';
import type { Engine } from '../engine/engine.ts';
import { type FileLock, lockFile } from '../file-lock.ts';
import { pollUntil } from '../poll-until.ts';

const prefix = 'build-';
const containerMark = 'container';
const purpose = { what: 'the folder of a build', why: 'the lock tells a build under way from one that was killed' };

/**
 * The folder of one build of a node image. Everything that the build makes is in it, or can be found by its name. The
 * folder is locked from before its creation until after its removal. So a folder without a lock belongs to a killed
 * build.
 */
export class BuildFolder implements AsyncDisposable {
  readonly path: string;
  readonly #lock: FileLock;

  private constructor(path: string, lock: FileLock) {
    this.path = path;
    this.#lock = lock;
  }

  /** Returns a new build folder inside `parent`. */
  static async create(parent: string): Promise<BuildFolder> {
    const path = join(parent, `${prefix}${randomBytes(6).toString('hex')}`);
    const lock = await lockFile(lockOf(path), purpose);
    if (lock === undefined) throw new Error(`another process has just chosen the name ${path}`);
    // Without root, mmdebstrap works as another user, who must be able to enter.
    await mkdir(path, { mode: 0o711 });
    return new BuildFolder(path, lock);
  }

  /**
   * Environment of the build's programs. Their temporary files go into the folder, which also identifies the programs.
   */
  get environment(): { TMPDIR: string } {
    return { TMPDIR: this.path };
  }

  /**
   * Returns the name of the build's container. Call it before the container is created: it leaves a mark in the folder.
   */
  async beginContainer(): Promise<string> {
    await mkdir(join(this.path, containerMark), { recursive: true });
    return containerOf(this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeFolder(this.path);
    await this.#lock[Symbol.asyncDispose]();
  }
}

/** Returns the lock on the name of an image that is built. Waits while another process builds it. */
export async function lockBuildOf(
  reference: string,
  parent: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<AsyncDisposable> {
  const file = join(parent, `${reference.slice(reference.lastIndexOf('/') + 1).replaceAll(/[^\w.-]/g, '-')}.lock`);
  const named = { what: `the build of ${reference}`, why: 'two builds at once would do the same work twice' };
  const free = await lockFile(file, named, { signal });
  if (free !== undefined) return free;
  progress.note(`waiting for another process that builds ${reference}`);
  const lock = await lockFile(file, named, { wait: true, signal });
  if (lock === undefined) throw new Error(`${file} is locked after waiting for it`);
  return lock;
}

/** Returns the folders in `parent` that killed builds left. */
export async function deadBuilds(parent: string): Promise<string[]> {
  const dead = await Promise.all(
    (await buildsIn(parent)).map(async (path) => {
      const lock = await lockFile(lockOf(path), purpose);
      await lock?.[Symbol.asyncDispose]();
      return lock === undefined ? [] : [path];
    }),
  );
  return dead.flat();
}

/**
 * Removes what killed builds left: their programs, containers, mounts and folders.
 * @param findEngine asked only where a killed build had begun a container
 * @returns the folders that are gone
 */
export async function removeDeadBuilds(parent: string, findEngine: () => Promise<Engine>): Promise<string[]> {
  const removed: string[] = [];
  for (const path of await buildsIn(parent)) {
    await using lock = await lockFile(lockOf(path), purpose);
    if (lock === undefined || !(await exists(path))) continue;
    await endProgramsOf(path);
    if (await exists(join(path, containerMark))) {
      const engine = await findEngine();
      await engine.removeContainers([containerOf(path)]);
    }
    await removeFolder(path);
    removed.push(path);
  }
  // The file of a lock that no process holds has no use.
  for (const file of (await filesIn(parent)).filter((name) => name.endsWith('.lock'))) {
    const lock = await lockFile(join(parent, file), purpose);
    await lock?.[Symbol.asyncDispose]();
  }
  return removed;
}

const lockOf = (path: string): string => `${path}.lock`;
const containerOf = (path: string): string => `lpv-image-${basename(path).slice(prefix.length)}`;
const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined;

async function buildsIn(parent: string): Promise<string[]> {
  return (await filesIn(parent))
    .filter((name) => name.startsWith(prefix) && !name.endsWith('.lock'))
    .map((name) => join(parent, name));
}

async function filesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

/**
 * Removes a build folder and what is mounted in it. Removes nothing through a mount, which may be the machine's /dev.
 */
async function removeFolder(path: string): Promise<void> {
  const mounts = await mountsBelow(path);
  for (const mount of mounts.reverse()) await run(host, { argv: ['umount', '--lazy', mount], deadline: 30_000 });
  const left = await mountsBelow(path);
  if (left.length > 0) {
    throw new DomainError({
      attempted: 'removing the folder of a build',
      on: path,
      seen: `still mounted: ${left.join(', ')}`,
      remedy: `umount them, then: ${lpv('clean')}`,
    });
  }
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Returns mount points below a folder, in the order they were mounted. */
async function mountsBelow(folder: string): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return text
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((mount) => mount.startsWith(`${folder}/`));
}

/** Waits until the programs of a build, which it kills, are gone. */
async function endProgramsOf(folder: string): Promise<void> {
  const look = async () => {
    const pids = await programsOf(folder);
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has already ended by itself.
      }
    }
    return pids.length === 0 ? { answer: true } : { notYet: pids };
  };
  const end = await pollUntil(look, { within: 10_000, every: 50 });
  if ('answer' in end) return;
  throw new DomainError({
    attempted: 'ending the programs of a killed build',
    on: folder,
    seen: `processes ${end.notYet.join(', ')} do not end`,
    remedy: `end them, then: ${lpv('clean')}`,
  });
}

/** Returns the processes whose temporary files, working folder or root folder are in a build's folder. */
async function programsOf(folder: string): Promise<number[]> {
  const within = (path: string) => path === folder || path.startsWith(`${folder}/`);
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const at = (name: string) => join('/proc', pid, name);
      const environment = (await readFile(at('environ'), 'utf8').catch(() => '')).split('\0');
      const places = [
        environment.find((entry) => entry.startsWith('TMPDIR='))?.slice('TMPDIR='.length) ?? '',
        await readlink(at('cwd')).catch(() => ''),
        await readlink(at('root')).catch(() => ''),
      ];
      return places.some(within) && Number(pid) !== process.pid ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
