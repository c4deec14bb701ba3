import { readdir, readFile, readlink } from 'node:fs/promises';

/** What the machine uses, as far as a leak of the harness or the engine would show in it. */
export interface MachineUse {
  /** Bytes: MemTotal less MemAvailable of proc_meminfo(5). */
  memory: number;
  /** Resident bytes of dockerd and containerd. */
  engineMemory: number;
  /** Open files of dockerd and containerd. */
  engineDescriptors: number;
  /** Of all processes. */
  inotifyInstances: number;
  inotifyWatches: number;
  loopDevices: number;
}

/** The most that a process of the harness had at once. */
export interface ProcessPeak {
  /** Resident bytes. */
  memory: number;
  descriptors: number;
}

/** Returns what the machine uses now. Only root can look into the processes of other users; theirs are not counted. */
export async function readMachineUse(): Promise<MachineUse> {
  const pids = await numbersIn('/proc');
  const processes = await Promise.all(pids.map(readProcess));
  const engine = processes.filter(({ name }) => name === 'dockerd' || name === 'containerd');
  const total = (of: readonly ProcessUse[], figure: 'memory' | 'descriptors' | 'instances' | 'watches') =>
    of.reduce((sum, one) => sum + one[figure], 0);
  const devices = (await readdir('/sys/block').catch(() => [])).filter((name) => /^loop\d+$/.test(name));
  const attached = await Promise.all(devices.map((name) => text(`/sys/block/${name}/loop/backing_file`)));
  const memory = await text('/proc/meminfo');
  return {
    memory: kibibytes(memory, 'MemTotal') - kibibytes(memory, 'MemAvailable'),
    engineMemory: total(engine, 'memory'),
    engineDescriptors: total(engine, 'descriptors'),
    inotifyInstances: total(processes, 'instances'),
    inotifyWatches: total(processes, 'watches'),
    loopDevices: attached.filter(Boolean).length,
  };
}

/** Samples a process every second. The result knows the peaks; dispose it when the process has ended. */
export function watchProcess(pid: number): { peak(): ProcessPeak } & Disposable {
  const peak: ProcessPeak = { memory: 0, descriptors: 0 };
  const look = async () => {
    const { highest, descriptors } = await readProcess(pid);
    peak.memory = Math.max(peak.memory, highest);
    peak.descriptors = Math.max(peak.descriptors, descriptors);
  };
  // The kernel sends no event when a process opens a file, so usage is sampled.
  const timer = setInterval(() => void look(), 1_000);
  return { peak: () => peak, [Symbol.dispose]: () => clearInterval(timer) };
}

interface ProcessUse {
  name: string;
  /** Resident bytes, now and at most. */
  memory: number;
  highest: number;
  descriptors: number;
  instances: number;
  watches: number;
}

/** Returns what a process uses; nothing of one that is gone or may not be looked into. */
async function readProcess(pid: string | number): Promise<ProcessUse> {
  const status = await text(`/proc/${pid}/status`);
  const descriptors = await numbersIn(`/proc/${pid}/fd`);
  const targets = await Promise.all(
    descriptors.map(async (fd) => [fd, await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')] as const),
  );
  const inotify = targets.filter(([, target]) => target === 'anon_inode:inotify');
  const watches = await Promise.all(inotify.map(([fd]) => text(`/proc/${pid}/fdinfo/${fd}`)));
  return {
    name: /^Name:\t(.*)$/m.exec(status)?.[1] ?? '',
    memory: kibibytes(status, 'VmRSS'),
    highest: kibibytes(status, 'VmHWM'),
    descriptors: descriptors.length,
    instances: inotify.length,
    watches: watches.reduce((sum, info) => sum + (info.match(/^inotify /gm)?.length ?? 0), 0),
  };
}

async function numbersIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => /^\d+$/.test(name));
}

const text = (path: string) => readFile(path, 'utf8').catch(() => '');

/** Returns the bytes of a line such as `VmRSS:   1234 kB`; 0 where there is none. */
function kibibytes(lines: string, key: string): number {
  return 1024 * Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(lines)?.[1] ?? 0);
}
