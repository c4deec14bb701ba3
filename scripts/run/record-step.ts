import { lackingFeatures } from '../../clusters/nodes/lacking.ts';
import { EngineNode } from '../../clusters/nodes/node.ts';
import { useCluster } from '../../specs/runner/test-cluster.ts';
import { type EnvironmentFacts, environmentRecord, writeEnvironment } from '../report/model/environment.ts';
import type { Action } from './actions.ts';
import type { ClusterPlan } from './cluster/plan.ts';
import type { ClusterState, ClusterTarget } from './cluster/state.ts';
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
      await writeEnvironment(
        target.folder,
        environmentRecord(target.run, new Date(), environmentFacts(harness, state)),
      );
      useCluster({
        run: target.run,
        folder: target.folder,
        stays,
        lacking: {
          ...(await lackingIn(state, signal)),
          ...(provisioner?.kind === 'lacking' && { provisioner: provisioner.why }),
        },
        ...(provisioner?.kind === 'ready' && { staticProvisioner: provisioner.programs }),
        kubeconfig: target.kubeconfig,
        server: state.need('client').server,
        kubernetes: state.kubernetes ?? 'v0',
        nodes: state.nodes.map(({ name, container }) => ({ name, hostname: name, container })),
        engine: ['docker'],
        podImage: plan.versions.podImage.name,
        disks: state.disks,
      });
    },
  };
}

async function lackingIn({ nodes }: ClusterState, signal: AbortSignal): Promise<Record<string, string>> {
  const shells = nodes.map(({ name, container }) => new EngineNode(name, container));
  try {
    return await lackingFeatures(shells, signal);
  } finally {
    for (const shell of shells) shell[Symbol.dispose]();
  }
}
