import { lackingFeatures } from '../../clusters/nodes/lacking.ts';
import { EngineNode } from '../../clusters/nodes/node.ts';
import { useCluster } from '../../specs/runner/test-cluster.ts';
import { type EnvironmentFacts, environmentRecord, writeEnvironment } from '../report/model/environment.ts';
import type { Action } from './actions.ts';
import type { ClusterPlan } from './cluster/plan.ts';
import type { ClusterState, ClusterTarget } from './cluster/state.ts';
import { recordKindOfCluster } from './kind-of-cluster.ts';
import { environmentFacts } from './surroundings.ts';

/**
 * Returns the step between a ready cluster and its specs: environment.json, and the facts of the cluster for the specs.
 */
export function recordStep(of: {
  target: ClusterTarget;
  state: ClusterState;
  plan: ClusterPlan;
  harness: EnvironmentFacts['harness'];
  /** Whether the cluster outlives the run. */
  stays: boolean;
}): Action {
  const { target, state, plan, harness, stays } = of;
  return {
    name: 'environment',
    title: 'Recording the environment',
    // The static provisioner may still be compiled.
    deadline: 30 * 60_000,
    async perform({ progress, signal }) {
      if (state.staticProvisioner) progress.note('the static provisioner, which is compiled once');
      const provisioner = await state.staticProvisioner;
      if (provisioner?.kind === 'ready') {
        state.provisionerProgram = `${plan.versions.staticProvisioner.module}@${provisioner.programs.version}`;
      }
      const client = state.need('client');
      const kubernetes = state.kubernetes ?? 'v0';
      const nodes = state.nodes.map(({ name, container }) => ({ name, hostname: name, container }));
      using shells = shellsOf(state);
      const looked = {
        madeBy: 'harness',
        kubernetes,
        nodes,
        otherNodes: [],
        reach: shells.nodes,
        unreached: '',
      } as const;
      const [lacking] = await Promise.all([
        lackingFeatures(shells.nodes, signal),
        recordKindOfCluster(state, client, looked, { progress, signal }),
      ]);
      await writeEnvironment(
        target.folder,
        environmentRecord(target.run, new Date(), environmentFacts(harness, state)),
      );
      useCluster({
        run: target.run,
        folder: target.folder,
        stays,
        lacking: {
          ...lacking,
          ...(provisioner?.kind === 'lacking' && { provisioner: provisioner.why }),
        },
        ...(provisioner?.kind === 'ready' && { staticProvisioner: provisioner.programs }),
        kubeconfig: target.kubeconfig,
        server: client.server,
        kubernetes,
        nodes,
        engine: ['docker'],
        podImage: plan.versions.podImage.name,
        disks: state.disks,
      });
    },
  };
}

/** Returns the nodes for commands; disposal closes their shells. */
function shellsOf({ nodes }: ClusterState): { nodes: EngineNode[] } & Disposable {
  const shells = nodes.map(({ name, container }) => new EngineNode(name, container));
  return {
    nodes: shells,
    [Symbol.dispose]: () => {
      for (const shell of shells) shell[Symbol.dispose]();
    },
  };
}
