import type { ClusterClient } from '../api/client.ts';
import type { StoreView } from '../api/object-history.ts';
import type { ObjectStore } from '../api/object-store.ts';
import type { Pod } from '../api/objects.ts';
import { execInPod } from '../api/pod-exec.ts';
import { waitFor } from '../api/wait.ts';
import { DomainError } from '../errors/domain-error.ts';
import { nodeScript } from '../nodes/node.ts';
import { lpv } from '../project-root.ts';
import { type HostFacts, readHostFacts } from './agent-node.ts';
import { type AgentPodRequest, agentContainer, agentNamespace, podManifest } from './agent-pod.ts';
import type { AgentPod } from './outlast-kubelet.ts';

const describeHost = nodeScript(import.meta.url, 'describe-host.sh');

/** An agent that has entered its host: where commands reach it, and what it has found out. */
interface StartedAgent {
  place: AgentPod;
  facts: HostFacts;
}

/**
 * Creates the pod of an agent, and waits until it has entered its host.
 * @throws DomainError with the state and the events of a pod that does not run
 */
export async function startAgent(
  {
    client,
    store,
    within,
    signal,
  }: { client: ClusterClient; store: ObjectStore; within: number; signal?: AbortSignal | undefined },
  request: AgentPodRequest,
): Promise<StartedAgent> {
  const { run, name, node, image } = request;
  const namespace = agentNamespace(run);
  await client.create(podManifest(request), { signal });
  const pod = await waitFor(store, {
    what: `the agent on ${node} to run`,
    on: [{ kind: 'Pod', namespace, name }],
    within,
    signal,
    until: (view) => running(view, { namespace, name }, image),
    explain: describePods,
  });
  return await enter(client, node, pod, signal);
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

/** Waits until an agent has entered its host. */
async function enter(client: ClusterClient, node: string, pod: Pod, signal?: AbortSignal): Promise<StartedAgent> {
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
