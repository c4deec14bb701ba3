import type { ClusterClient } from '../api/client.ts';
import type { StoreView } from '../api/object-history.ts';
import { ObjectStore } from '../api/object-store.ts';
import type { Pod } from '../api/objects.ts';
import { execInPod } from '../api/pod-exec.ts';
import { waitFor } from '../api/wait.ts';
import { DomainError, messageOf } from '../errors/domain-error.ts';
import { type NodePlaces, nodeScript, usualPlaces } from '../nodes/node.ts';
import { lpv } from '../project-root.ts';
import type { Progress } from '../text/progress.ts';
import { AgentNode, type HostFacts, readHostFacts } from './agent-node.ts';
import {
  agentContainer,
  agentLabel,
  agentNamespace,
  foldersAnnotation,
  namespaceManifest,
  nodesAnnotation,
  podManifest,
  runLabel,
  serviceAccountManifest,
} from './agent-pod.ts';
import type { AgentPod } from './outlast-kubelet.ts';

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
  /** When an agent was last gone or came back, by the monotonic clock; undefined while none was ever lost. */
  lastLoss(): number | undefined;
  /** Why a node has no agent, where one was lost and could not be made again. */
  lost(): DomainError | undefined;
}

const describeHost = nodeScript(import.meta.url, 'describe-host.sh');

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

/** Returns the agents that run, each of which is made again when it is lost. */
function keep(of: {
  client: ClusterClient;
  store: ObjectStore;
  made: readonly { name: string; node: AgentNode }[];
  namespace: string;
  progress: Progress;
  remove: () => Promise<void>;
  start: (node: string, name: string, signal?: AbortSignal) => Promise<Pod>;
}): Agents {
  const { client, store, made, namespace, progress, remove, start } = of;
  const pods = new Map(made.map(({ name, node }) => [node, name]));
  const ended = new AbortController();
  let lastLoss: number | undefined;
  let lost: DomainError | undefined;
  let losses = 0;
  const replace = async (node: AgentNode, name: string): Promise<AgentPod> => {
    const { place } = await enter(client, node.name, await start(node.name, name, ended.signal), ended.signal);
    lastLoss = performance.now();
    pods.set(node, name);
    return place;
  };
  const look = (): void => {
    for (const [node, name] of pods) {
      const pod = store.get({ kind: 'Pod', namespace, name });
      if (pod && pod.metadata.deletionTimestamp === undefined && hopeless(pod) === undefined) continue;
      const next = `${name.split('.')[0]}.${++losses}`;
      // Looked at again once it runs: until then its pod may not be there yet.
      pods.delete(node);
      lastLoss = performance.now();
      progress.retried(`the agent on ${node.name}`, losses, pod ? (hopeless(pod) ?? 'it is deleted') : 'it is gone');
      const moved = replace(node, next);
      moved.catch((error: unknown) => {
        if (!ended.signal.aborted) lost = notMadeAgain(node.name, error);
      });
      node.moveTo(moved);
    }
  };
  const unsubscribe = store.onChange(look);
  return {
    namespace,
    nodes: made.map(({ node }) => node),
    lastLoss: () => lastLoss,
    lost: () => lost,
    [Symbol.asyncDispose]: async () => {
      unsubscribe();
      ended.abort(new Error('the agents are removed'));
      await store[Symbol.asyncDispose]();
      for (const { node } of made) node[Symbol.dispose]();
      await remove();
    },
  };
}

function notMadeAgain(node: string, cause: unknown): DomainError {
  return new DomainError(
    {
      attempted: `making the agent on ${node} again, which was evicted or deleted`,
      seen: messageOf(cause),
      why: 'without it nothing on the node can be proven or removed',
      remedy: `when the node is well: ${lpv('clean --context NAME')}`,
    },
    { cause },
  );
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
  folders: Omit<NodePlaces, 'kubelet'>;
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
    if (run === undefined) return [];
    const [disks = usualPlaces.disks, files = usualPlaces.files] = annotations?.[foldersAnnotation]?.split(':') ?? [];
    return [{ run, nodes: annotations?.[nodesAnnotation]?.split(',') ?? [], folders: { disks, files } }];
  });
}

function selectorOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** Returns the pod if it runs. @throws DomainError where it never will */
function running(view: StoreView, { namespace, name }: { namespace: string; name: string }, image: string) {
  const pod = view.get({ kind: 'Pod', namespace, name });
  const problem = pod && hopeless(pod);
  if (!pod || problem === undefined) return pod?.status?.containerStatuses?.[0]?.state?.running && pod;
  throw new DomainError({
    attempted: 'starting an agent, the privileged pod with which the harness works on a node',
    on: `Pod ${namespace}/${name} on ${pod.spec?.nodeName}`,
    seen: [problem, ...eventsOf(view, pod)].join('\n'),
    remedy: problem.includes('Image')
      ? `load ${image} into the node: ${lpv('images --save FILE')}, then ctr --namespace k8s.io images import FILE; or push it to a registry and write --registry`
      : 'see the events of the pod; without agents, requirements that need nodes are skipped',
  });
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

/** Waits until an agent has entered its host. Returns where commands reach it, and what it has found out. */
async function enter(
  client: ClusterClient,
  node: string,
  pod: Pod,
  signal?: AbortSignal,
): Promise<{ place: AgentPod; facts: HostFacts }> {
  const { namespace = '', name, uid = '' } = pod.metadata;
  const place = { namespace, pod: name, container: agentContainer };
  const argv = ['sh', '-c', describeHost.text, describeHost.name, uid];
  const { stdout } = await execInPod(client, { ...place, argv, within: 40_000, signal });
  const facts = readHostFacts(stdout);
  if (facts) return { place: { ...place, address: pod.status?.podIP ?? '' }, facts };
  throw new DomainError({
    attempted: "finding kubelet's root folder",
    on: `node ${node}`,
    seen: `no mount of the agent's own volume among those of the host's first process\n${stdout.trim()}`,
    why: 'kubelet mounts volumes below it; where its mounts do not reach the host, nothing can be proven of them',
    remedy: 'without an agent, requirements that need nodes are skipped',
  });
}
