import { access, constants, readdir, readFile, readlink, stat, statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import type { EngineFacts, EngineState } from '../engine/engine.ts';

/**
 * The facts that decide whether a cluster with disks can run here. Sizes are in bytes; undefined means "cannot be known
 * from here".
 */
export interface MachineFacts {
  engine: EngineState;
  cpus: number;
  availableMemory: number;
  totalMemory: number;
  /** Free space in the engine's data folder, if that is on a file system of this machine. */
  freeDisk: { path: string; bytes: number } | undefined;
  /** Whether the kernel has loop devices: `/dev/loop-control` here, or an engine in its own VM. */
  loopDevices: 'present' | 'absent' | 'unknown';
  /** Limits for each user. `used`: how many instances this user's programs have, if that can be read. */
  inotify: { instances: number; watches: number; used?: number | undefined } | undefined;
  /** Whether flock(1), which locks a cluster, is on PATH. */
  flock: boolean;
}

/** Returns the facts of this machine. Changes nothing. */
export async function readMachineFacts(engine: EngineState): Promise<MachineFacts> {
  const facts = engine.kind === 'answers' ? engine.facts : undefined;
  const local = process.platform === 'linux';
  return {
    engine,
    cpus: facts?.cpus || cpus().length,
    availableMemory: local ? await availableMemory() : (facts?.memoryBytes ?? freemem()),
    totalMemory: facts?.memoryBytes || totalmem(),
    freeDisk: local ? await freeDisk(facts) : undefined,
    loopDevices: local ? await loopDevices() : 'unknown',
    inotify: local ? await inotify() : undefined,
    flock: await isOnPath('flock'),
  };
}

async function isOnPath(program: string): Promise<boolean> {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => access(join(folder, program), constants.X_OK));
  return (await Promise.allSettled(found)).some(({ status }) => status === 'fulfilled');
}

/** Returns the memory that programs can get without swapping (proc_meminfo(5), MemAvailable). */
async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
}

async function freeDisk(facts: EngineFacts | undefined): Promise<MachineFacts['freeDisk']> {
  for (const path of [facts?.dataRoot, '/var/lib', '/']) {
    if (path === undefined) continue;
    try {
      const { bavail, bsize } = await statfs(path);
      return { path, bytes: bavail * bsize };
    } catch {
      // This user may be unable to read the engine's folder. Its parent is usually on the same file system.
    }
  }
  return undefined;
}

async function loopDevices(): Promise<MachineFacts['loopDevices']> {
  const control = await stat('/dev/loop-control').catch(() => undefined);
  if (control?.isCharacterDevice()) return 'present';
  const files = await readdir('/dev').catch(() => []);
  return files.some((name) => /^loop\d+$/.test(name)) ? 'present' : 'absent';
}

/**
 * Returns how many inotify instances root's programs have, among them those of all nodes, which share one limit.
 * Undefined if this user is not root, because only root may read it.
 */
async function inotifyInstances(): Promise<number | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const counts = await Promise.all(
    processes.map(async (pid) => {
      // Processes and their files appear and vanish during the count.
      const owner = await stat(`/proc/${pid}`).catch(() => undefined);
      if (owner?.uid !== 0) return 0;
      const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
      const targets = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
      return targets.filter((target) => target === 'anon_inode:inotify').length;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function inotify(): Promise<MachineFacts['inotify']> {
  const read = async (name: string) => Number(await readFile(`/proc/sys/fs/inotify/${name}`, 'utf8'));
  try {
    const limits = { instances: await read('max_user_instances'), watches: await read('max_user_watches') };
    return { ...limits, used: await inotifyInstances() };
  } catch {
    return undefined;
  }
}
