import type { ClusterClient } from '../api/client.ts';
import { ObjectStore } from '../api/object-store.ts';
import { type NodePlaces, usualPlaces } from '../nodes/node.ts';
import type { Progress } from '../text/progress.ts';
import { AgentNode } from './agent-node.ts';
import { agentNamespace, namespaceManifest, serviceAccountManifest } from './agent-pod.ts';
import { startAgent } from './agent-start.ts';
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
  /**
   * Seconds after which they end by themselves: for who only reads, and so needs no Lease. Until then no run takes them
   * for what a dead one has left.
   */
  endsAfter?: number;
  progress: Progress;
  signal?: AbortSignal | undefined;
}

/**
 * Starts an agent on each node, and waits until it has entered its host. If one does not start, all are removed. From
 * then on one that is evicted or deleted is made again, until the result is disposed.
 * @throws DomainError with the state and the events of the pods that do not run
 */
export async function startAgents(request: AgentsRequest): Promise<Agents> {
  const { client, run, nodes, image, within = 120_000, folders = usualPlaces, endsAfter, progress, signal } = request;
  const namespace = agentNamespace(run);
  const remove = () => removeAgents(client, run);
  const store = new ObjectStore({ client, kinds: ['Pod', 'Event'], namespace, progress });
  try {
    await client.create(namespaceManifest(run, nodes, folders, endsAfter), { signal });
    await client.create(serviceAccountManifest(run), { signal });
    await store.start(signal === undefined ? {} : { signal });
    const start = (node: string, name: string, stop = signal) =>
      startAgent({ client, store, within, signal: stop }, { run, name, node, image, endsAfter });
    const started = nodes.map(async (node, index) => {
      const { place, facts } = await start(node, `agent-${index + 1}`);
      return { pod: place.pod, node: new AgentNode(node, client, place, facts, folders) };
    });
    // All at once; what is under way of the others ends with their pods.
    const made = await Promise.all(started);
    return keep(made, { store, namespace, progress, remove, start: async (...of) => (await start(...of)).place });
  } catch (error) {
    await store[Symbol.asyncDispose]();
    // The error of the start is reported, not that of the removal.
    await remove().catch(() => {});
    throw error;
  }
}
