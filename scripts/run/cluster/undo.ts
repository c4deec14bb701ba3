import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deleteCluster, nodeContainers } from '../../../clusters/cluster.ts';
import { DomainError, messageOf } from '../../../clusters/errors/domain-error.ts';
import { endCreation } from '../../../clusters/host/kind/creation.ts';
import { awaitLoopDevicesReleased } from '../../../clusters/loop-devices.ts';
import { lpv } from '../../../clusters/project-root.ts';
import type { Action } from '../actions.ts';
import { removeClusterLock } from '../cluster-lock.ts';
import { engineForUndo } from './machine-steps.ts';
import type { ClusterState, ClusterTarget } from './state.ts';

const minute = 60_000;

/**
 * Returns the undoing of a cluster, which needs nothing but its names: it also serves a later process, for a run that
 * died.
 */
export function clusterUndo(target: ClusterTarget, state: ClusterState): Action & Required<Pick<Action, 'undo'>> {
  const { cluster, network, kubeconfig, run } = target;
  return {
    name: 'cluster',
    title: 'Creating the cluster',
    deadline: 0,
    perform: async () => {},
    undoTitle: `Deleting the cluster ${cluster}`,
    undoDeadline: 4 * minute,
    async undo({ progress, signal }) {
      const engine = state.engine ?? (await engineForUndo(signal));
      try {
        await endCreation(cluster, kubeconfig);
        const exists = (await nodeContainers(engine, cluster, signal)).length > 0;
        if (exists && state.logsWanted && state.kind) {
          progress.note('keeping the nodes’ logs');
          const kept = state.kind.exportLogs(cluster, join(target.folder, 'logs'), signal);
          await kept.catch((error) => progress.note(`the nodes’ logs could not be exported: ${messageOf(error)}`));
        }
        await deleteCluster(engine, cluster, network);
      } catch (error) {
        throw notDeleted(cluster, error);
      }
      await rm(kubeconfig, { force: true });
      await rm(`${kubeconfig}.lock`, { force: true });
      await removeClusterLock(cluster);
      await awaitLoopDevicesReleased(run, engine);
    },
  };
}

/** Returns the error for a cluster that could not be removed: it stays on record, so that a later process can remove it. */
function notDeleted(cluster: string, error: unknown): DomainError {
  return new DomainError(
    {
      attempted: `deleting the cluster ${cluster}`,
      seen: messageOf(error),
      remedy: `when that is mended: ${lpv(`down ${cluster.replace(/^lpv-/, '')}`)}`,
    },
    { cause: error },
  );
}
