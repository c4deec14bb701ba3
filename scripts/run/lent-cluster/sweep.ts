import { startAgents } from '../../../clusters/agent/agents.ts';
import { removeAgents, runsWithAgents } from '../../../clusters/agent/agents-of-runs.ts';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import type { Progress } from '../../../clusters/text/progress.ts';
import { ownershipLabels, selectorOfRuns } from '../../../fixtures/isolate-names.ts';
import { type RunObjects, removeObjects } from '../cluster/used-cluster.ts';
import { clearRun } from './agents-step.ts';
import type { Survey } from './survey.ts';

export interface SweepRequest {
  client: ClusterClient;
  /** The run that sweeps; nothing of its own is touched. */
  run: string;
  /** Where the objects of runs are. In one namespace, it sweeps what runs have left that could use the same only. */
  objects: RunObjects;
  survey: Pick<Survey, 'images' | 'withoutAgents'>;
  progress: Progress;
  signal: AbortSignal;
  /** How agents are started; tests have their own. */
  start?: typeof startAgents;
}

/**
 * Removes what runs that died have left on a cluster: their objects, what they made on nodes, their agents. For the
 * holder of the Lease: while it has that, no other run lives. Returns the ids of the runs, and of those among them whose
 * agents stay.
 */
export async function sweep(request: SweepRequest): Promise<{ dead: string[]; staying: string[] }> {
  const { client, run, objects, survey, progress, signal, start = startAgents } = request;
  const { kinds, namespace } = objects;
  const { images, withoutAgents } = survey;
  const ours = { labelSelector: selectorOfRuns(namespace), ...(namespace !== undefined && { namespace }) };
  const labelled = await Promise.all(kinds.map(async (kind) => (await client.list(kind, { ...ours, signal })).items));
  const withObjects = labelled.flat().flatMap(({ metadata: { labels } }) => labels?.[ownershipLabels.run] ?? []);
  const withAgents = namespace === undefined ? await runsWithAgents(client, signal) : [];
  const dead = [...new Set([...withObjects, ...withAgents.map((each) => each.run)])].filter((each) => each !== run);
  const present = new Set((await client.list('Node', { signal })).items.map(({ metadata }) => metadata.name));
  const staying: string[] = [];
  for (const each of dead) {
    progress.note(`run ${each} has died here; removing what it has left`);
    const removeIts = () => removeObjects(client, each, progress, signal, objects);
    const its = withAgents.find((one) => one.run === each);
    const nodes = its?.nodes.filter((node) => present.has(node)) ?? [];
    if (its && nodes.length > 0 && withoutAgents === undefined) {
      const { folders } = its;
      const wanted = { client, run: `${run}-sweep`, nodes, image: images.agent, folders, progress, signal };
      await using agents = await start(wanted);
      await clearRun(agents.nodes, each, { removeObjects: removeIts, progress, signal });
    } else {
      await removeIts();
    }
    if (its && nodes.length > 0 && withoutAgents !== undefined) {
      progress.note(`the agents of run ${each} stay, because ${withoutAgents}: ${nodes.join(', ')} may have its disks`);
      staying.push(each);
    } else if (its) {
      await removeAgents(client, each, signal);
    }
  }
  return { dead, staying };
}
