import { lackingFeatures } from '../../clusters/nodes/lacking.ts';
import { EngineNode } from '../../clusters/nodes/node.ts';
import { useCluster } from '../../specs/runner/test-cluster.ts';
import { type EnvironmentFacts, environmentRecord, writeEnvironment } from '../report/model/environment.ts';
import type { Action } from './actions.ts';
import type { ClusterPlan } from './cluster/plan.ts';
import type { ClusterSite, Construction } from './cluster/steps.ts';
import { environmentFacts } from './surroundings.ts';

/** The step between a ready cluster and its specs: environment.json, and the facts of the cluster for the specs. */
export function recordStep(of: {
  site: ClusterSite;
  made: Construction;
  plan: ClusterPlan;
  harness: EnvironmentFacts['harness'];
  /** Whether the cluster outlives the run. */
  stays: boolean;
}): Action {
  const { site, made, plan, harness, stays } = of;
  return {
    name: 'environment',
    title: 'Recording the environment',
    deadline: 30_000,
    async perform({ signal }) {
      await writeEnvironment(site.folder, environmentRecord(site.run, new Date(), environmentFacts(harness, made)));
      useCluster({
        run: site.run,
        folder: site.folder,
        stays,
        lacking: await lackingIn(made, signal),
        kubeconfig: site.kubeconfig,
        server: made.need('client').server,
        kubernetes: made.kubernetes ?? 'v0',
        nodes: made.nodes.map(({ name, container }) => ({ name, container })),
        engine: ['docker'],
        podImage: plan.versions.podImage.name,
        disks: made.disks,
      });
    },
  };
}

async function lackingIn({ nodes }: Construction, signal: AbortSignal): Promise<Record<string, string>> {
  const shells = nodes.map(({ name, container }) => new EngineNode(name, container));
  try {
    return await lackingFeatures(shells, signal);
  } finally {
    for (const shell of shells) shell[Symbol.dispose]();
  }
}
