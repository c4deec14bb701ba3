import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pollUntil } from '../poll-until.ts';

/** A process that takes part in the creation of a cluster. */
export interface CreationProcess {
  pid: number;
  kind: 'kind create' | 'docker run';
}

/** True if {@link endCreation} can see processes on this machine. */
export const canSeeProcesses = process.platform === 'linux';

/** Milliseconds in which a working engine completes `docker run`. */
const runDeadline = 20_000;

/**
 * Waits until the creation of a cluster has ended. Kills kind, even if it has outlived the harness that started it.
 * Does not kill its `docker run` commands: the engine completes a requested container after its client is gone, so a
 * container could appear after the deletion of the cluster. Resolves at once if processes cannot be seen.
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
 * Returns the processes that create a cluster. kind is recognised by its kubeconfig, which no other run has, and its
 * `docker run` by the label of the cluster. Another program with the file as an argument, such as an editor, is
 * ignored.
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
    // It has already ended by itself.
  }
}
