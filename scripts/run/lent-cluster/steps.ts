import type { ClusterClient } from '../../../clusters/api/client.ts';
import type { Kind } from '../../../clusters/api/objects.ts';
import { ownedKinds } from '../../../fixtures/isolate-names.ts';
import { useCluster } from '../../../specs/runner/test-cluster.ts';
import { type EnvironmentFacts, environmentRecord, writeEnvironment } from '../../report/model/environment.ts';
import type { Action } from '../actions.ts';
import type { ClusterState, ClusterTarget } from '../cluster/state.ts';
import { removeObjects } from '../cluster/used-cluster.ts';
import { environmentFacts } from '../surroundings.ts';
import { admissionStep } from './admission.ts';
import { type HeldLease, takeLease } from './lease.ts';
import type { Survey } from './survey.ts';

/** A cluster that a user has lent, and the connection to it. */
export interface LentCluster {
  survey: Survey;
  client: ClusterClient;
}

/** What specs on the API alone create: their pods take the place of no other. */
const created: readonly Kind[] = ownedKinds.filter((kind) => kind !== 'PriorityClass');

/** Returns the steps to specs on a cluster that a user has lent: the Lease, and what specs are told of the cluster. */
export function lentSteps(
  { survey, client }: LentCluster,
  of: { target: ClusterTarget; state: ClusterState; harness: EnvironmentFacts['harness']; podImage: string },
): Action[] {
  const { target, state, harness, podImage } = of;
  let lease: HeldLease | undefined;
  const hold: Action = {
    name: 'hold',
    title: `Taking the cluster of the context ${survey.access.name}`,
    deadline: 3 * 60_000,
    async perform({ progress, signal }) {
      state.client = client;
      state.kubernetes = survey.kubernetes;
      lease = await takeLease(client, { run: target.run, progress, signal });
      if (lease.formerRun !== undefined) await removeObjects(client, lease.formerRun, progress, signal, created);
    },
    undoTitle: 'Removing what the run has created',
    undoDeadline: 5 * 60_000,
    async undo({ progress, signal }) {
      await removeObjects(client, target.run, progress, signal, created);
      await lease?.release();
    },
  };
  const record: Action = {
    name: 'environment',
    title: 'Recording the environment',
    deadline: 60_000,
    async perform() {
      const facts = { ...environmentFacts(harness, state), containerRuntime: survey.containerRuntime };
      await writeEnvironment(target.folder, environmentRecord(target.run, new Date(), facts));
      const { access, kubernetes, lacking, withheld, nodes, otherNodes } = survey;
      useCluster({
        run: target.run,
        folder: target.folder,
        kubeconfig: access,
        server: access.server,
        kubernetes,
        lacking,
        withheld,
        nodes,
        otherNodes,
        stays: true,
        lent: true,
        engine: [],
        podImage,
        disks: [],
      });
    },
  };
  return [hold, admissionStep({ client, run: target.run, podImage }), record];
}
