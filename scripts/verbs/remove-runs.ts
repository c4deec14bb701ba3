import { dirname } from 'node:path';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { EventStream } from '../../specs/runner/events.ts';
import { Terminal, terminalCapabilities } from '../report/formats/terminal.ts';
import { type ActionJournal, undoAll } from '../run/actions.ts';
import { ClusterState } from '../run/cluster/state.ts';
import { clusterUndo } from '../run/cluster/undo.ts';
import type { Registry, RegistryEntry } from '../run/registry.ts';

/** Removes what each run left, and forgets the runs of which nothing is left. */
export async function removeRuns(registry: Registry, entries: readonly RegistryEntry[]): Promise<ExitStatus> {
  if (entries.length === 0) {
    process.stdout.write('nothing to remove\n');
    return 'conforms';
  }
  const events = new EventStream();
  const terminal = new Terminal({ output: process.stdout, ...terminalCapabilities(process.stdout, process.env) });
  events.subscribe(terminal.read);
  let status: ExitStatus = 'conforms';
  for (const entry of entries) {
    const { run, cluster, network, kubeconfig, journal } = entry;
    const undo = clusterUndo({ run, cluster, network, kubeconfig, folder: dirname(journal) }, new ClusterState());
    const failures = await undoAll([undo], { events, journal: begunOnly(undo.name) });
    // Why one failed stands with its step already.
    if (failures.length === 0) await registry.remove(run);
    else status = 'environment';
  }
  terminal[Symbol.dispose]();
  return status;
}

/** A journal for undoing one action whose own journal may be gone with the report folder. */
function begunOnly(action: string): ActionJournal {
  const nothing = async () => {};
  return { begun: [action], recordBegun: nothing, recordDone: nothing, recordUndone: nothing };
}
