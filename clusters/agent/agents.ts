import type { ClusterClient } from '../api/client.ts';
import { ObjectStore } from '../api/object-store.ts';
import type { Pod } from '../api/objects.ts';
import { waitFor } from '../api/wait.ts';
import { type NodePlaces, usualPlaces } from '../nodes/node.ts';
import type { Progress } from '../text/progress.ts';
import { AgentNode } from './agent-node.ts';
import { agentNamespace, namespaceManifest, podManifest, serviceAccountManifest } from './agent-pod.ts';
import { describePods, enter, running } from './agent-start.ts';
import { removeAgents } from './agents-of-runs.ts';
import { type Agents, keep } from './kept-agents.ts';

export interface AgentsRequest {
  client: ClusterClient;
  /** The run's id. Everything that is created has it as a label. */
  run: string;
  /** Names of the Node objects that get an agent. */
  nodes: readonly string[];
  /** The agent's image, as the nodes know it or can pull it. */
  image: string;
  /** Folders of the nodes for disks and for the files that disks are made of; the usual ones by default. */
  folders?: Omit<NodePlaces, 'kubelet'>;
  /** Milliseconds until all agents must run, 120 000 by default: the image may have to be pulled. */
  within?: number;
  progress: Progress;
  signal?: AbortSignal | undefined;
}

/**
 * Starts an agent on each node, and waits until it has entered its host. If one does not start, all are removed. From
 * then on one that is evicted or deleted is made again, until the result is disposed.
 * @throws DomainError with the state and the events of the pods that do not run
 */
export async function startAgents(request: AgentsRequest): Promise<Agents> {
  const { client, run, nodes, image, within = 120_000, folders = usualPlaces, progress, signal } = request;
  const namespace = agentNamespace(run);
  const remove = () => removeAgents(client, run);
  const store = new ObjectStore({ client, kinds: ['Pod', 'Event'], namespace, progress });
  try {
    await client.create(namespaceManifest(run, nodes, folders), { signal });
    await client.create(serviceAccountManifest(run), { signal });
    await store.start(signal === undefined ? {} : { signal });
    const start = async (node: string, name: string, stop = signal): Promise<Pod> => {
      await client.create(podManifest({ run, name, node, image }), { signal: stop });
      return await waitFor(store, {
        what: `the agent on ${node} to run`,
        on: [{ kind: 'Pod', namespace, name }],
        within,
        signal: stop,
        until: (view) => running(view, { namespace, name }, image),
        explain: describePods,
      });
    };
    const started = nodes.map(async (node, index) => {
      const pod = await start(node, `agent-${index + 1}`);
      const { place, facts } = await enter(client, node, pod, signal);
      return { name: pod.metadata.name, node: new AgentNode(node, client, place, facts, folders) };
    });
    // All at once; what is under way of the others ends with their pods.
    const made = await Promise.all(started);
    return keep({ client, store, made, namespace, progress, remove, start });
  } catch (error) {
    await store[Symbol.asyncDispose]();
    // The error of the start is reported, not that of the removal.
    await remove().catch(() => {});
    throw error;
  }
}
