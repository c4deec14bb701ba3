import { createHash } from 'node:crypto';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { host } from '../../clusters/host/command/host.ts';
import type { Engine } from '../../clusters/host/engine/engine.ts';
import { parseMountinfo } from '../../clusters/nodes/mountinfo.ts';

/** What a run could leave on a machine, by kind; each thing is one line that names it. */
export interface Snapshot {
  containers: readonly string[];
  networks: readonly string[];
  volumes: readonly string[];
  'loop devices': readonly string[];
  mounts: readonly string[];
  /** The user's kubeconfigs, by their checksums, and the other files in their folders. */
  kubeconfig: readonly string[];
  /** What lies in the folders that {@link SnapshotScope.folders} names, by path. */
  files: readonly string[];
  /** Processes that carry {@link SnapshotScope.mark}. */
  processes: readonly string[];
}

/** What belongs to the one who takes the snapshot. */
export interface SnapshotScope {
  engine: Engine;
  folders: readonly string[];
  /** A kubeconfig that KUBECONFIG names, besides the one in the home folder. */
  kubeconfig: string;
  /** A setting, such as `LPV_STATE_HOME=/tmp/x`, that every process started for the proof has in its environment. */
  mark: string;
  /** Ids of other runs of this user: their disks come and go without us. */
  otherRuns: readonly string[];
  /**
   * On a machine that others use meanwhile: parts of the names of all that is ours, such as ids of runs, names of
   * clusters and the sandbox's folder. Only what has one of them in its line counts; of volumes, which have no such
   * names, none do. Where not given, everything counts.
   */
  names?: readonly string[] | undefined;
}

/** Reads the state of the machine; changes nothing. */
export async function takeSnapshot(scope: SnapshotScope): Promise<Snapshot> {
  const { engine, folders, kubeconfig, mark, otherRuns, names } = scope;
  const ours = (line: string) => names === undefined || names.some((name) => line.includes(name));
  const lines = async (...args: string[]) => (await engine.run(args)).stdout.split('\n').filter(Boolean).sort();
  const elses = (line: string) => otherRuns.some((run) => line.includes(`/local-pv-conformance/${run}/`));
  const containers = await lines('ps', '--all', '--format', '{{.ID}} {{.Names}} {{.Image}} {{.State}} {{.Labels}}');
  return {
    containers: containers.filter(ours).map((line) => line.split(' ', 4).join(' ')),
    networks: (await lines('network', 'ls', '--format', '{{.ID}} {{.Name}}')).filter(ours),
    volumes: (await lines('volume', 'ls', '--format', '{{.Name}}')).filter(ours),
    'loop devices': (await loopDevices()).filter((line) => (ours(line) || line.endsWith(orphan)) && !elses(line)),
    mounts: (await mounts()).filter(ours),
    kubeconfig: (await Promise.all([kubeconfig, usersKubeconfig].map(kubeconfigLines)))
      .flat()
      // The user's kubectl keeps its cache beside it.
      .filter((line) => names === undefined || ours(line) || line.startsWith(`${usersKubeconfig} `)),
    files: (await Promise.all(folders.map(below))).flat().sort(),
    processes: await processesWith(mark),
  };
}

/**
 * Returns what came and what went, a line each, such as `+ containers: 3fa1… lpv-k3x9qd-worker …`. Empty: nothing
 * changed.
 */
export function differences(before: Snapshot, after: Snapshot): string[] {
  return (Object.keys(before) as (keyof Snapshot)[]).flatMap((kind) => [
    ...without(before[kind], after[kind]).map((line) => `- ${kind}: ${line}`),
    ...without(after[kind], before[kind]).map((line) => `+ ${kind}: ${line}`),
  ]);
}

/** The lines of `all` beyond those of `some`; a line that is there twice counts twice. */
function without(all: readonly string[], some: readonly string[]): string[] {
  const left = [...some];
  return all.filter((line) => {
    const at = left.indexOf(line);
    if (at < 0) return true;
    left.splice(at, 1);
    return false;
  });
}

const usersKubeconfig = join(homedir(), '.kube', 'config');

const orphan = ' (of no living node)';

/**
 * Returns a line for each loop device that is attached. The one that kubelet locks a block volume with has no backing
 * file but a device in a node's /dev: its line says so once no process has that file system mounted any more.
 */
async function loopDevices(): Promise<string[]> {
  const columns = 'NAME,BACK-MAJ:MIN,BACK-FILE';
  const listed = await host.attempt({
    argv: ['losetup', '--list', '--noheadings', '--raw', '--output', columns],
    deadline: 10_000,
  });
  const devices = listed.stdout.split('\n').filter(Boolean);
  const mounted = devices.length === 0 ? new Set<string>() : await mountedFileSystems();
  return devices
    .map((line) => {
      const [name, fileSystem = '', ...file] = line.split(' ');
      const isLost = fileSystem.startsWith('0:') && !mounted.has(fileSystem);
      return `${name} ${file.join(' ')}${isLost ? orphan : ''}`;
    })
    .sort();
}

/** Returns the device numbers, such as `0:167`, of the file systems that any process has mounted. */
async function mountedFileSystems(): Promise<Set<string>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // Processes of one namespace have the same mounts.
  const namespaces = new Map<string, string>();
  for (const pid of pids) {
    const namespace = await readlink(`/proc/${pid}/ns/mnt`).catch(() => undefined);
    if (namespace !== undefined) namespaces.set(namespace, pid);
  }
  const tables = [...namespaces.values()].map((pid) => readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => ''));
  return new Set(
    (await Promise.all(tables)).flatMap((table) => table.split('\n').map((line) => line.split(' ')[2] ?? '')),
  );
}

async function mounts(): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return parseMountinfo(text).map(({ mountPoint, root, fileSystem, source }) =>
    [mountPoint, root, fileSystem, source].join(' '),
  );
}

async function kubeconfigLines(path: string): Promise<string[]> {
  const siblings = (await readdir(dirname(path)).catch(() => [])).map((name) => join(dirname(path), name));
  const content = await readFile(path).catch(() => undefined);
  return [...siblings, `${path} ${content && createHash('sha256').update(content).digest('hex')}`];
}

/** Returns the paths of all files below a folder; none where it is not there. */
export async function below(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

async function processesWith(mark: string): Promise<string[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const read = (name: string) => readFile(join('/proc', pid, name), 'utf8').catch(() => '');
      const marked = (await read('environ')).split('\0').includes(mark);
      return marked ? [`${pid} ${(await read('cmdline')).replaceAll('\0', ' ').trim()}`] : [];
    }),
  );
  return found.flat().sort();
}
