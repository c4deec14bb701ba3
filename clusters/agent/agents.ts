import type { ClusterClient } from '../api/client.ts';
import type { StoreView } from '../api/object-history.ts';
import { ObjectStore } from '../api/object-store.ts';
import type { Pod } from '../api/objects.ts';
import { execInPod } from '../api/pod-exec.ts';
import { waitFor } from '../api/wait.ts';
import { DomainError } from '../errors/domain-error.ts';
import { type NodePlaces, nodeScript, usualPlaces } from '../nodes/node.ts';
import { lpv } from '../project-root.ts';
import type { Progress } from '../text/progress.ts';
import { AgentNode, readHostFacts } from './agent-node.ts';
import {
  agentContainer,
  agentLabel,
  agentNamespace,
  namespaceManifest,
  nodesAnnotation,
  podManifest,
  runLabel,
  serviceAccountManifest,
} from './agent-pod.ts';

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

/** The agents of a run. Disposal removes them with their namespace, and waits until it is gone. */
export interface Agents extends AsyncDisposable {
  namespace: string;
  nodes: readonly AgentNode[];
}

const describeHost = nodeScript(import.meta.url, 'describe-host.sh');

/**
 * Starts an agent on each node, and waits until it has entered its host. If one does not start, all are removed.
 * @throws DomainError with the state and the events of the pods that do not run
 */
export async function startAgents(request: AgentsRequest): Promise<Agents> {
  const { client, run, nodes, image, within = 120_000, folders = usualPlaces, progress, signal } = request;
  const namespace = agentNamespace(run);
  const remove = () => removeAgents(client, run);
  try {
    await client.create(namespaceManifest(run, nodes), { signal });
    await client.create(serviceAccountManifest(run), { signal });
    await using store = new ObjectStore({ client, kinds: ['Pod', 'Event'], namespace, progress });
    await store.start(signal === undefined ? {} : { signal });
    const names = nodes.map((node, index) => ({ node, name: `agent-${index + 1}` }));
    for (const { node, name } of names) await client.create(podManifest({ run, name, node, image }), { signal });
    const pods = await waitFor(store, {
      what: `the agents on ${nodes.join(', ')} to run`,
      on: names.map(({ name }) => ({ kind: 'Pod', namespace, name })),
      within,
      signal,
      until: (view) => running(view, image),
      explain: describePods,
    });
    if (pods.length !== nodes.length) throw new Error(`${pods.length} agents for ${nodes.length} nodes`);
    const made = await Promise.all(
      names.map(({ node, name }) => enter(client, node, podNamed(pods, name), folders, signal)),
    );
    return {
      namespace,
      nodes: made,
      [Symbol.asyncDispose]: async () => {
        for (const node of made) node[Symbol.dispose]();
        await remove();
      },
    };
  } catch (error) {
    // The error of the start is reported, not that of the removal.
    await remove().catch(() => {});
    throw error;
  }
}

/** Removes the agents of a run with their namespace, and waits until it is gone. Idempotent. */
export async function removeAgents(client: ClusterClient, run: string, signal?: AbortSignal): Promise<void> {
  const name = agentNamespace(run);
  const labelSelector = selectorOf({ [runLabel]: run, ...agentLabel });
  await using store = new ObjectStore({ client, kinds: ['Namespace'], own: { kinds: ['Namespace'], labelSelector } });
  await store.start(signal === undefined ? {} : { signal });
  const found = store.get({ kind: 'Namespace', name });
  if (found === undefined) return;
  await client.remove({ kind: 'Namespace', name }, { absentIsFine: true, uid: found.metadata.uid, signal });
  await waitFor(store, {
    what: `the namespace ${name} to be gone`,
    on: [{ kind: 'Namespace', name }],
    within: 60_000,
    signal,
    until: (view) => view.get({ kind: 'Namespace', name }) === undefined,
  });
}

/** A run that has agents on the cluster: it is under way, or was killed. */
export interface RunWithAgents {
  run: string;
  /** The nodes on which it may have left something. */
  nodes: readonly string[];
}

/**
 * Returns the runs that have agents on the cluster. What a killed one left on its nodes, `clearNode` removes through
 * agents of another run; then `removeAgents` removes its own.
 */
export async function runsWithAgents(client: ClusterClient, signal?: AbortSignal): Promise<RunWithAgents[]> {
  const labelSelector = selectorOf(agentLabel);
  const { items } = await client.list('Namespace', { labelSelector, ...(signal && { signal }) });
  return items.flatMap(({ metadata: { labels, annotations } }) => {
    const run = labels?.[runLabel];
    return run === undefined ? [] : [{ run, nodes: annotations?.[nodesAnnotation]?.split(',') ?? [] }];
  });
}

function selectorOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** Returns the pods if all of them run. @throws DomainError for one that never will */
function running(view: StoreView, image: string): Pod[] | undefined {
  const pods = view.list('Pod');
  for (const pod of pods) {
    const problem = hopeless(pod);
    if (problem === undefined) continue;
    throw new DomainError({
      attempted: 'starting an agent, the privileged pod with which the harness works on a node',
      on: `Pod ${pod.metadata.namespace}/${pod.metadata.name} on ${pod.spec?.nodeName}`,
      seen: [problem, ...eventsOf(view, pod)].join('\n'),
      remedy: problem.includes('Image')
        ? `load ${image} into the node: ${lpv('images --save FILE')}, then ctr --namespace k8s.io images import FILE; or push it to a registry and write --registry`
        : 'see the events of the pod; without agents, requirements that need nodes are skipped',
    });
  }
  const all = pods.length > 0 && pods.every(({ status }) => status?.containerStatuses?.[0]?.state?.running);
  return all ? pods : undefined;
}

/** Returns why a pod will never run, if that is so. */
export function hopeless({ status }: Pod): string | undefined {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded')
    return [status.reason ?? `it has ended (${status.phase})`, status.message].filter(Boolean).join(': ');
  const waiting = status?.containerStatuses?.[0]?.state?.waiting;
  const final = [
    'ErrImageNeverPull',
    'InvalidImageName',
    'ImagePullBackOff',
    'CreateContainerError',
    'RunContainerError',
  ];
  if (waiting?.reason === undefined || !final.includes(waiting.reason)) return undefined;
  return [waiting.reason, waiting.message].filter(Boolean).join(': ');
}

function eventsOf(view: StoreView, { metadata: { namespace, name } }: Pod): string[] {
  const events = view.eventsOf({ kind: 'Pod', namespace, name }).slice(-3);
  return events.map(({ reason, message }) => `event ${reason}: ${message}`);
}

function describePods(view: StoreView): string {
  return view
    .list('Pod')
    .flatMap((pod) => [
      `${pod.metadata.name} on ${pod.spec?.nodeName}:`,
      ...eventsOf(view, pod).map((line) => `  ${line}`),
    ])
    .join('\n');
}

function podNamed(pods: readonly Pod[], name: string): Pod {
  const found = pods.find(({ metadata }) => metadata.name === name);
  if (found) return found;
  throw new Error(`the agent ${name} is not among ${pods.map(({ metadata }) => metadata.name).join(', ')}`);
}

/** Waits until an agent has entered its host, and returns it as a node. */
async function enter(
  client: ClusterClient,
  node: string,
  pod: Pod,
  folders: Omit<NodePlaces, 'kubelet'>,
  signal?: AbortSignal,
): Promise<AgentNode> {
  const { namespace = '', name, uid = '' } = pod.metadata;
  const place = { namespace, pod: name, container: agentContainer };
  const argv = ['sh', '-c', describeHost.text, describeHost.name, uid];
  const { stdout } = await execInPod(client, { ...place, argv, within: 40_000, signal });
  const facts = readHostFacts(stdout);
  if (facts) return new AgentNode(node, client, { ...place, address: pod.status?.podIP ?? '' }, facts, folders);
  throw new DomainError({
    attempted: "finding kubelet's root folder",
    on: `node ${node}`,
    seen: `no mount of the agent's own volume among those of the host's first process\n${stdout.trim()}`,
    why: 'kubelet mounts volumes below it; where its mounts do not reach the host, nothing can be proven of them',
    remedy: 'without an agent, requirements that need nodes are skipped',
  });
}
