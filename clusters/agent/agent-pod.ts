import { readFileSync } from 'node:fs';
import type { KubernetesManifest } from '../api/kinds.ts';
import type { NodePlaces } from '../nodes/node.ts';

const enterHost = readFileSync(new URL('enter-host.sh', import.meta.url), 'utf8');

/**
 * The label of everything that a run makes for its agents. Its value is the run's id. It is another one than that of
 * what specs create: agents go last.
 */
export const runLabel = 'local-pv-conformance/agents-of';
/** The label of what belongs to agents, so that they are found without the run's id. */
export const agentLabel = { 'local-pv-conformance/part': 'agent' } as const;
/** The annotation of their namespace that names the nodes, with commas: it outlives the pods. */
export const nodesAnnotation = 'local-pv-conformance/nodes';
/** The annotation of their namespace that has the folders for disks and for their files, with a colon. */
export const foldersAnnotation = 'local-pv-conformance/folders';
/** The annotation of their namespace that says after how many seconds they end by themselves, where they do. */
export const endsAfterAnnotation = 'local-pv-conformance/ends-after';
/** The container of the pod in which commands run. */
export const agentContainer = 'agent';

/** Returns the name of the namespace of a run's agents. */
export function agentNamespace(run: string): string {
  return `lpv-${run}-agent`;
}

/**
 * Returns the namespace of a run's agents. Its pods may be privileged, whatever the cluster's default is. `endsAfter`:
 * agents of who only reads, which leave nothing on their nodes.
 */
export function namespaceManifest(
  run: string,
  nodes: readonly string[],
  { disks, files }: Omit<NodePlaces, 'kubelet'>,
  endsAfter?: number,
): KubernetesManifest & { kind: 'Namespace' } {
  const made = { [nodesAnnotation]: nodes.join(','), [foldersAnnotation]: `${disks}:${files}` };
  const levels = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'privileged']);
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: agentNamespace(run),
      labels: {
        [runLabel]: run,
        ...agentLabel,
        ...Object.fromEntries(levels),
        // OpenShift would set the levels by what the namespace's accounts may do.
        'security.openshift.io/scc.podSecurityLabelSync': 'false',
      },
      annotations: endsAfter === undefined ? made : { [endsAfterAnnotation]: String(endsAfter) },
    },
  };
}

/** Returns the account of the agents. They use no API, so it may do nothing. */
export function serviceAccountManifest(run: string): KubernetesManifest & { kind: 'ServiceAccount' } {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    // Of its own: the default one appears a moment after the namespace.
    metadata: { name: 'agent', namespace: agentNamespace(run), labels: { [runLabel]: run, ...agentLabel } },
    automountServiceAccountToken: false,
  };
}

/** An agent that is wanted. */
export interface AgentPodRequest {
  run: string;
  /** Name of the pod. */
  name: string;
  /** Name of the Node object. */
  node: string;
  image: string;
  /** Seconds after which kubelet ends it. */
  endsAfter?: number | undefined;
}

/** Returns when nodes may pull an image: one that no registry has, never. */
export function pullPolicyOf(image: string): 'Never' | 'IfNotPresent' {
  return image.startsWith('localhost/') ? 'Never' : 'IfNotPresent';
}

/** Returns a pod in the agents' namespace that is bound to a node without the scheduler. */
function boundPod({ run, name, node }: AgentPodRequest, spec: object): KubernetesManifest & { kind: 'Pod' } {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: agentNamespace(run), labels: { [runLabel]: run, ...agentLabel } },
    spec: {
      // Not by the scheduler: a cordoned node is as good, and nothing is preempted.
      nodeName: node,
      tolerations: [{ operator: 'Exists' }],
      restartPolicy: 'Never',
      serviceAccountName: 'agent',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      // Nothing needs to be finished when it ends.
      terminationGracePeriodSeconds: 0,
      ...spec,
    },
  };
}

/** Returns a pod that shows whether a node can run an image with a shell: it ends at once. */
export function probeManifest(request: AgentPodRequest): KubernetesManifest & { kind: 'Pod' } {
  const { image } = request;
  return boundPod(request, {
    containers: [{ name: 'probe', image, imagePullPolicy: pullPolicyOf(image), command: ['true'] }],
  });
}

/** Returns the pod of an agent: privileged, among the processes of the host, with the host's folders at /host. */
export function podManifest(request: AgentPodRequest): KubernetesManifest & { kind: 'Pod' } {
  const { image, endsAfter } = request;
  return boundPod(request, {
    ...(endsAfter !== undefined && { activeDeadlineSeconds: endsAfter }),
    hostPID: true,
    // For commands while kubelet is stopped: they come through the address of the node.
    hostNetwork: true,
    containers: [
      {
        name: agentContainer,
        image,
        imagePullPolicy: pullPolicyOf(image),
        command: ['sh', '-c', enterHost, 'agent'],
        env: [
          { name: 'PATH', value: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
          { name: 'LC_ALL', value: 'C' },
        ],
        // Small, and there: a pod without requests is the first that a node under pressure evicts.
        resources: { requests: { cpu: '10m', memory: '32Mi' } },
        securityContext: { privileged: true, runAsUser: 0 },
        volumeMounts: [
          { name: 'host', mountPath: '/host', mountPropagation: 'Bidirectional' },
          { name: 'probe', mountPath: '/probe' },
        ],
      },
    ],
    volumes: [
      { name: 'host', hostPath: { path: '/', type: 'Directory' } },
      // kubelet mounts it below its root folder, which is found by it.
      { name: 'probe', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    ],
  });
}
