import { dirname } from 'node:path';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { type Action, type ActionJournal, undoAll } from '../run/actions.ts';
import { ClusterState } from '../run/cluster/state.ts';
import { clusterUndo } from '../run/cluster/undo.ts';
import { undoOfUse } from '../run/cluster/used-cluster.ts';
import { ClusterInUse, lockCluster } from '../run/cluster-lock.ts';
import type { Registry, RegistryEntry } from '../run/registry.ts';
import { stepsOnTerminal } from './terminal-steps.ts';

/** How runs are removed. */
interface Removal {
  /** The verb that removes them: who waits for a cluster's lock sees it. */
  verb: 'clean' | 'down';
  /** Whether a cluster is removed also while another process uses it. */
  force?: boolean;
  /** Whether a cluster that another process is using is passed over; without this option it is an error. */
  exceptUsed?: boolean;
}

/**
 * Removes what each run left, and forgets the runs of which nothing is left. An interruption ends it after the current
 * run: what is half removed stays on record.
 */
export async function removeRuns(
  registry: Registry,
  entries: readonly RegistryEntry[],
  { verb, force = false, exceptUsed = false }: Removal,
): Promise<ExitStatus> {
  if (entries.length === 0) {
    process.stdout.write('nothing to remove\n');
    return 'conforms';
  }
  using steps = stepsOnTerminal(verb);
  const { events, signal } = steps;
  let status: ExitStatus = 'conforms';
  for (const entry of entries) {
    if (signal.aborted) return 'interrupted';
    const { cluster } = entry;
    let lock: AsyncDisposable | undefined;
    try {
      if (!force) lock = await lockCluster(cluster, verb);
    } catch (error) {
      if (!(exceptUsed && error instanceof ClusterInUse)) throw error;
      process.stdout.write(`   ${cluster} stays: ${error.details.seen}\n`);
      continue;
    }
    try {
      const undo = undoOf(entry);
      const failures = await undoAll([undo], { events, journal: begunOnly(undo.name) });
      // The step has already shown why it failed.
      if (failures.length > 0) status = 'environment';
      else await forget(registry, entry, await registry.entries());
    } finally {
      await lock?.[Symbol.asyncDispose]();
    }
  }
  return signal.aborted ? 'interrupted' : status;
}

/** Removes the entry, and with a cluster those of the runs that were using it: with it, all that they left is gone. */
async function forget(registry: Registry, { run, cluster, found }: RegistryEntry, all: readonly RegistryEntry[]) {
  const users = all.filter((other) => other.found !== undefined && other.cluster === cluster);
  for (const gone of [run, ...(found === undefined ? users.map((user) => user.run) : [])]) await registry.remove(gone);
}

function undoOf({ run, cluster, network, kubeconfig, journal, found }: RegistryEntry): Action {
  const target = { run, cluster, network, kubeconfig, folder: dirname(journal) };
  if (found === undefined) return clusterUndo(target, new ClusterState());
  const title = `Using the cluster ${cluster}`;
  return {
    name: 'use',
    title,
    deadline: 0,
    perform: async () => {},
    ...undoOfUse(target, () => found, new ClusterState()),
  };
}

/** A journal for undoing one action. The journal of its run may be gone with the report folder. */
export function begunOnly(action: string): ActionJournal {
  const nothing = async () => {};
  return { begun: [action], recordBegun: nothing, recordDone: nothing, recordUndone: nothing };
}
