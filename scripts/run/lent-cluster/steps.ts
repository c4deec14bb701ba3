import type { ClusterClient } from '../../../clusters/api/client.ts';
import type { Versions } from '../../../clusters/configuration/versions.ts';
import { useCluster } from '../../../specs/runner/test-cluster.ts';
import { type EnvironmentFacts, environmentRecord, writeEnvironment } from '../../report/model/environment.ts';
import type { Action, ActionContext } from '../actions.ts';
import type { ClusterState, ClusterTarget } from '../cluster/state.ts';
import { removeObjects } from '../cluster/used-cluster.ts';
import { recordKindOfCluster } from '../kind-of-cluster.ts';
import { environmentFacts } from '../surroundings.ts';
import { admissionStep } from './admission.ts';
import { agentsStep, type RunAgents } from './agents-step.ts';
import { type HeldLease, takeLease } from './lease.ts';
import { createdObjects } from './permissions.ts';
import type { Survey } from './survey.ts';
import { sweep } from './sweep.ts';

/** A cluster that a user has lent, and the connection to it. */
export interface LentCluster {
  survey: Survey;
  client: ClusterClient;
}

/** Returns the steps to specs on a cluster that a user has lent: the Lease, and what specs are told of the cluster. */
export function lentSteps(
  { survey, client }: LentCluster,
  of: {
    target: ClusterTarget;
    state: ClusterState;
    harness: EnvironmentFacts['harness'];
    /** The static provisioner whose image is there; undefined where no spec needs it. */
    provisioner: Versions['staticProvisioner'] | undefined;
  },
): Action[] {
  const { target, state, harness, provisioner } = of;
  const { images, namespace } = survey;
  const objects = createdObjects(survey.lacking.provisioner, namespace);
  const ours = ({ progress, signal }: ActionContext) => removeObjects(client, target.run, progress, signal, objects);
  let lease: HeldLease | undefined;
  const hold: Action = {
    name: 'hold',
    title: `Taking the cluster of the context ${survey.access.name}`,
    deadline: 6 * 60_000,
    async perform({ progress, signal }) {
      state.client = client;
      state.kubernetes = survey.kubernetes;
      lease = await takeLease(client, { run: target.run, namespace, progress, signal });
      await sweep({ client, run: target.run, objects, survey, progress, signal });
    },
    undoTitle: 'Removing what the run has created',
    undoDeadline: 5 * 60_000,
    async undo(context) {
      await ours(context);
      await lease?.release();
    },
  };
  const result: RunAgents = { agents: undefined, found: { lacking: {}, withheld: {} } };
  state.agents = () => result.agents;
  const agents = agentsStep({ survey, client, run: target.run, removeObjects: ours, result });
  const record: Action = {
    name: 'environment',
    title: 'Recording the environment',
    deadline: 60_000,
    async perform(context) {
      const { access, kubernetes, lacking, withheld, nodes, otherNodes } = survey;
      const reach = result.agents?.nodes ?? [];
      const unreached = survey.withoutAgents ?? result.found.withheld.agent ?? 'no agent runs there';
      const looked = { madeBy: 'others', kubernetes, nodes, otherNodes, reach, unreached } as const;
      const found = {
        lacking: { ...lacking, ...result.found.lacking },
        withheld: { ...withheld, ...result.found.withheld },
      };
      if (provisioner && found.lacking.provisioner === undefined && found.withheld.agent === undefined)
        state.provisionerProgram = `${provisioner.module}@${provisioner.version}`;
      await recordKindOfCluster(state, client, looked, context);
      await writeEnvironment(
        target.folder,
        environmentRecord(target.run, new Date(), environmentFacts(harness, state)),
      );
      useCluster({
        run: target.run,
        folder: target.folder,
        kubeconfig: access,
        server: access.server,
        kubernetes,
        ...found,
        nodes,
        otherNodes,
        stays: true,
        lent: true,
        namespace,
        engine: [],
        podImage: images.pod,
        reach,
        ...(provisioner && {
          staticProvisioner: { version: provisioner.version, image: images.provisioner },
        }),
        disks: [],
      });
    },
  };
  const admission = admissionStep({ client, run: target.run, namespace, podImage: images.pod });
  return [hold, admission, ...(survey.withoutAgents === undefined ? [agents] : []), record];
}
