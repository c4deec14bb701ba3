import type { ClusterClient } from '../../clusters/api/client.ts';
import type { Node as NodeObject } from '../../clusters/api/objects.ts';
import { ApiRefusal } from '../../clusters/api/refusal.ts';
import { messageOf } from '../../clusters/errors/domain-error.ts';
import type { Node } from '../../clusters/nodes/node.ts';
import { grouped } from '../../clusters/text/collections.ts';
import type { OtherNode, RunNode } from '../../specs/runner/test-cluster.ts';
import { alike, type ClusterFact, clusterLine, type KindOfCluster } from '../report/model/kind-of-cluster.ts';
import type { ActionContext } from './actions.ts';
import type { ClusterState } from './cluster/state.ts';
import {
  distributionOf,
  networkOfConfiguration,
  networkOfDaemonSets,
  networkOfNodes,
  providerOf,
  rolesOf,
} from './recognise-cluster.ts';

/** Names of unused nodes that a report lists: of a large cluster, their number says enough. */
const mostNamed = 10;

/** Milliseconds that one question may take. No run waits longer for what is only recorded. */
const patience = 15_000;

/**
 * Records what kind of cluster it is, and where it is looked for what specs may leave. Never fails: no run ends for what
 * is only recorded.
 */
export async function recordKindOfCluster(
  state: Pick<ClusterState, 'kindOfCluster' | 'leftOvers'>,
  client: Api,
  looked: LookedAt,
  { progress, signal }: Pick<ActionContext, 'progress' | 'signal'>,
): Promise<void> {
  const { nodes, reach, unreached } = looked;
  const names = nodes.map(({ name }) => name);
  const lookedAt = names.filter((name) => reach.some((node) => node.name === name));
  const others = names.filter((name) => !lookedAt.includes(name));
  const notLookedAt = others.length > 0 ? [{ nodes: others, why: unreached }] : [];
  state.leftOvers = { lookedAt, atEnd: false, notLookedAt };
  try {
    state.kindOfCluster = await readKindOfCluster(client, looked, signal);
    progress.note(clusterLine(state.kindOfCluster));
  } catch (error) {
    signal.throwIfAborted();
    progress.note(messageOf(error));
  }
}

type Api = Pick<ClusterClient, 'list' | 'metrics' | 'kubeletConfiguration'>;

/** What is known already of the cluster that is looked at. */
export interface LookedAt {
  madeBy: KindOfCluster['madeBy'];
  /** Version of the API server, such as `v1.37.2`. */
  kubernetes: string;
  /** The nodes that specs use, in the order of their roles. */
  nodes: readonly RunNode[];
  otherNodes: readonly OtherNode[];
  /** The nodes on which commands can be run. */
  reach: readonly Node[];
  /** Why they cannot be run on the others. */
  unreached: string;
}

/**
 * Finds out what kind of cluster it is: from its Node objects, and from what this user may read beside them. What may not
 * be read, or does not answer, is not known; that is no failure. Changes nothing.
 */
async function readKindOfCluster(client: Api, looked: LookedAt, signal?: AbortSignal): Promise<KindOfCluster> {
  const { madeBy, kubernetes, nodes, otherNodes, reach, unreached } = looked;
  const options = { within: patience, signal };
  const { items } = await client.list('Node', options);
  const objectOf = (name: string) => items.find(({ metadata }) => metadata.name === name);
  const [podNetwork, apiServer, kubelet] = await Promise.all([
    networkOf(client, items, reach, options),
    serverGates(client, options),
    kubeletGates(client, nodes, options),
  ]);
  return {
    madeBy,
    provider: providerOf(items),
    distribution: distributionOf(kubernetes, items),
    podNetwork,
    nodeSets: nodeSetsOf(items),
    usedNodes: nodes.map(({ name, hostname }) => {
      const object = objectOf(name);
      const root = reach.find((node) => node.name === name)?.places.kubelet;
      return {
        name,
        hostname,
        roles: object ? rolesOf(object) : [],
        kubeletRoot: root === undefined ? { notKnown: unreached } : { is: root, seenIn: `the node ${name}` },
      };
    }),
    unusedNodes: unusedOf(otherNodes, objectOf),
    featureGates: { apiServer, kubelet },
  };
}

function nodeSetsOf(items: readonly NodeObject[]): KindOfCluster['nodeSets'] {
  const sets = items.map(({ status }) => {
    const { kubeletVersion, containerRuntimeVersion, osImage, kernelVersion, architecture } = status?.nodeInfo ?? {};
    return {
      kubelet: kubeletVersion ?? '?',
      containerRuntime: containerRuntimeVersion ?? '?',
      operatingSystem: osImage ?? '?',
      kernel: kernelVersion ?? '?',
      architecture: architecture ?? '?',
    };
  });
  return [...grouped(sets, (set) => JSON.stringify(set)).values()].flatMap((same) =>
    same[0] ? [{ count: same.length, ...same[0] }] : [],
  );
}

const refusals = {
  cordoned: 'cordoned',
  tainted: 'tainted',
  podAffinity: 'specs use no more nodes',
} as const satisfies Record<OtherNode['refusal'], string>;

function unusedOf(
  others: readonly OtherNode[],
  objectOf: (name: string) => NodeObject | undefined,
): KindOfCluster['unusedNodes'] {
  const all = others.map(({ name, refusal }) => {
    const object = objectOf(name);
    return { name, roles: object ? rolesOf(object) : [], why: refusals[refusal] };
  });
  return [...grouped(all, ({ roles, why }) => `${why} ${roles}`).values()].flatMap((same) =>
    same[0]
      ? [
          {
            count: same.length,
            roles: same[0].roles,
            why: same[0].why,
            names: same.slice(0, mostNamed).map(({ name }) => name),
          },
        ]
      : [],
  );
}

interface Options {
  within: number;
  signal: AbortSignal | undefined;
}

/** The pod network: by marks of nodes, else by DaemonSets, else by the configuration that a node has. */
async function networkOf(
  client: Api,
  items: readonly NodeObject[],
  [node]: readonly Node[],
  options: Options,
): Promise<ClusterFact> {
  const marked = networkOfNodes(items);
  if (marked) return marked;
  const named = await client.list('DaemonSet', { namespace: 'kube-system', ...options }).then(
    (list) =>
      networkOfDaemonSets(list.items.map(({ metadata }) => metadata.name)) ?? {
        notKnown: 'neither nodes nor the DaemonSets in kube-system have a mark of one that is known here',
      },
    (error: unknown) => ({ notKnown: `DaemonSets in kube-system: ${whyNot(error, options.signal)}` }),
  );
  if ('is' in named || !node) return named;
  // An agent has the host's files in a folder of its own. The first file by name is the one that counts.
  const find = 'for folder in /host/etc/cni/net.d /etc/cni/net.d; do ls "$folder" 2>/dev/null | sort | head -n 1 |';
  const show = 'while read -r file; do cat "$folder/$file"; done; done';
  const read = node.attempt({
    argv: ['sh', '-c', `${find} ${show}`],
    deadline: options.within,
    signal: options.signal,
  });
  const { stdout } = await read.catch(() => ({ stdout: '' }));
  return networkOfConfiguration(stdout, node.name) ?? named;
}

/** Returns the feature gates in the metrics of the API server that are not as their stage lets expect. */
async function serverGates(client: Api, options: Options): Promise<KindOfCluster['featureGates']['apiServer']> {
  try {
    return gatesIn(await client.metrics(options));
  } catch (error) {
    return { notKnown: whyNot(error, options.signal) };
  }
}

/** Returns the same from the text of the metrics. Source: `kubernetes_feature_enabled` of k8s.io/component-base. */
export function gatesIn(metrics: string): KindOfCluster['featureGates']['apiServer'] {
  const gates = [...metrics.matchAll(/^kubernetes_feature_enabled\{name="(\w+)",stage="(\w*)"\} ([01])$/gm)];
  if (gates.length === 0) return { notKnown: 'its metrics have no kubernetes_feature_enabled' };
  // Stages are ALPHA, BETA, DEPRECATED, and empty for what is stable.
  const early = (stage = '') => stage === 'ALPHA' || stage === 'DEPRECATED';
  const namesOf = (some: typeof gates) => some.map(([, name = '']) => name).toSorted();
  return {
    alphaOn: namesOf(gates.filter(([, , stage, on]) => early(stage) && on === '1')),
    betaOff: namesOf(gates.filter(([, , stage, on]) => !early(stage) && on === '0')),
    seenIn: 'metrics of the API server',
  };
}

/** Returns the feature gates that the configurations of the used nodes' kubelets set, such as `A=true, B=false`. */
async function kubeletGates(client: Api, nodes: readonly RunNode[], options: Options): Promise<ClusterFact> {
  try {
    const set = await Promise.all(
      nodes.map(async ({ name }): Promise<[string, string]> => {
        const configuration = await client.kubeletConfiguration(name, options);
        const { kubeletconfig } = configuration as { kubeletconfig?: { featureGates?: Record<string, boolean> } };
        const gates = Object.entries(kubeletconfig?.featureGates ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
        return [name, gates.map(([gate, on]) => `${gate}=${on}`).join(', ') || 'none is set'];
      }),
    );
    return { is: alike(set), seenIn: 'configz of kubelet' };
  } catch (error) {
    return { notKnown: whyNot(error, options.signal) };
  }
}

/** Returns why something could not be read. @throws the signal's reason, where that is why */
function whyNot(error: unknown, signal: AbortSignal | undefined): string {
  signal?.throwIfAborted();
  if (error instanceof ApiRefusal && error.status === 403) return 'this user may not read it';
  if (error instanceof ApiRefusal) return `HTTP ${error.status} ${error.reason}`;
  return messageOf(error).split('\n')[0] ?? '';
}
