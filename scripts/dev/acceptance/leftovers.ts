import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Engine } from '../../../clusters/host/engine/engine.ts';
import { parseMountinfo } from '../../../clusters/nodes/mountinfo.ts';

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
}

/** Looks at the machine; changes nothing. */
export async function takeSnapshot({ engine, folders, kubeconfig, mark, otherRuns }: SnapshotScope): Promise<Snapshot> {
  const lines = async (...args: string[]) => (await engine.run(args)).stdout.split('\n').filter(Boolean).sort();
  const elses = (line: string) => otherRuns.some((run) => line.includes(`/local-pv-conformance/${run}/`));
  return {
    containers: await lines('ps', '--all', '--format', '{{.ID}} {{.Names}} {{.Image}} {{.State}}'),
    networks: await lines('network', 'ls', '--format', '{{.ID}} {{.Name}}'),
    volumes: await lines('volume', 'ls', '--format', '{{.Name}}'),
    'loop devices': (await loopDevices()).filter((line) => !elses(line)),
    mounts: await mounts(),
    kubeconfig: (await Promise.all([kubeconfig, join(homedir(), '.kube', 'config')].map(kubeconfigLines))).flat(),
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

async function loopDevices(): Promise<string[]> {
  const devices = (await readdir('/sys/block').catch(() => [])).filter((name) => /^loop\d+$/.test(name));
  const held = await Promise.all(
    devices.map(async (name) => {
      const file = await readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => undefined);
      return file === undefined ? [] : [`/dev/${name} ${file.trim()}`];
    }),
  );
  return held.flat().sort();
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

async function below(folder: string): Promise<string[]> {
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
