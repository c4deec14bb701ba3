import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pollUntil } from '../poll-until.ts';

/** A process, and what it does for the creation of a cluster. */
export interface CreationProcess {
  pid: number;
  kind: 'kind create' | 'docker run';
}

/** Whether {@link endCreation} can see processes here. */
export const canSeeProcesses = process.platform === 'linux';

/** The engine answers `docker run` within this time, in milliseconds, or it answers nothing. */
const runDeadline = 20_000;

/**
 * Ends the creation of a cluster for good: kind is killed, also one that outlived the harness that started it. Its
 * `docker run` commands are left to their end, as an engine goes on with a container that was asked for when the one
 * who asked is gone, and shows it only when it is made: what is deleted before that appears after it.
 * Resolves when none of them is left; where processes cannot be seen, at once.
 */
export async function endCreation(cluster: string, kubeconfig: string, proc = '/proc'): Promise<void> {
  const look = async () => {
    const left = await creationProcesses(cluster, kubeconfig, proc);
    for (const { pid, kind } of left) if (kind === 'kind create') kill(pid);
    return left.length === 0 ? { answer: true } : { notYet: left };
  };
  const end = await pollUntil(look, { within: runDeadline, every: 50 });
  // The engine hangs: only a later `lpv clean` or `lpv down` can find what it still creates.
  if ('notYet' in end) for (const { pid } of end.notYet) kill(pid);
}

/**
 * The processes that create a cluster: kind by the kubeconfig that it writes, a file that no other run has, and its
 * `docker run` by the label of the cluster. A program that merely names the file, such as an editor, is none.
 */
export async function creationProcesses(
  cluster: string,
  kubeconfig: string,
  proc = '/proc',
): Promise<CreationProcess[]> {
  const pids = (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid): Promise<CreationProcess[]> => {
      const [program = '', ...args] = (await readFile(join(proc, pid, 'cmdline'), 'utf8').catch(() => '')).split('\0');
      const name = program.slice(program.lastIndexOf('/') + 1);
      const given = (option: string) => args.flatMap((arg, at) => (arg === option ? [args[at + 1]] : []));
      if (name === 'kind' && args[0] === 'create' && given('--kubeconfig').includes(kubeconfig))
        return [{ pid: Number(pid), kind: 'kind create' }];
      if (name === 'docker' && args[0] === 'run' && given('--label').includes(`io.x-k8s.kind.cluster=${cluster}`))
        return [{ pid: Number(pid), kind: 'docker run' }];
      return [];
    }),
  );
  return found.flat();
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself meanwhile.
  }
}
