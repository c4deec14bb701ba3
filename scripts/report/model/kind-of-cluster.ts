import { z } from 'zod';
import { grouped } from '../../../clusters/text/collections.ts';

const text = z.string();
const count = z.int().positive();

const notKnown = z.strictObject({ notKnown: text.describe('Why.') });

/** A fact and where it was seen; or why it is not known. */
const fact = z.union([z.strictObject({ is: text, seenIn: text }), notKnown]);

/** Feature gates that are not as their stage lets expect; of the others the stage says whether they are on. */
const serverGates = z.union([
  z.strictObject({
    alphaOn: z.array(text).describe('Alpha or deprecated, and on.'),
    betaOff: z.array(text).describe('Beta or stable, and off.'),
    seenIn: text,
  }),
  notKnown,
]);

/** Nodes that are alike. */
const nodeSet = z.strictObject({
  count,
  kubelet: text,
  containerRuntime: text,
  operatingSystem: text,
  kernel: text,
  architecture: text,
});

const usedNode = z.strictObject({
  name: text,
  hostname: text.describe('Its label `kubernetes.io/hostname`, which may be another than its name.'),
  roles: z.array(text).describe('By its labels `node-role.kubernetes.io/ROLE`.'),
  kubeletRoot: fact.describe('The folder in which kubelet keeps pods and plugins.'),
});

const unusedNodes = z.strictObject({
  count,
  roles: z.array(text),
  why: text.describe('Why specs did not use them.'),
  names: z.array(text).describe('The first of them.'),
});

/** What kind of cluster a run was on: the same facts of the harness's own clusters and of others. */
export const kindOfCluster = z.strictObject({
  madeBy: z.enum(['harness', 'others']),
  provider: fact.describe('Whose machines its nodes are.'),
  distribution: fact.describe('What Kubernetes was packaged or set up as.'),
  podNetwork: fact.describe('The CNI plugin, or the project that it is of.'),
  nodeSets: z.array(nodeSet).describe('All nodes of the cluster.'),
  usedNodes: z.array(usedNode).describe('In the order of their roles in specs: first, second, third.'),
  unusedNodes: z.array(unusedNodes),
  featureGates: z.strictObject({
    apiServer: serverGates,
    kubelet: fact.describe('Those that the configuration of the used nodes’ kubelets sets.'),
  }),
});

/** Where it was looked for what specs may have left on nodes: mounts, loop devices, files, folders of pods. */
export const leftOvers = z.strictObject({
  lookedAt: z.array(text).describe('Nodes that were looked at, after each spec whose pods had run there.'),
  atEnd: z.boolean().describe('Whether they were also compared, after the last spec, with what they were before.'),
  notLookedAt: z.array(z.strictObject({ nodes: z.array(text), why: text })),
});

export type KindOfCluster = z.infer<typeof kindOfCluster>;
export type ClusterFact = z.infer<typeof fact>;
export type KnownFact = Extract<ClusterFact, { is: string }>;
export type LeftOvers = z.infer<typeof leftOvers>;

/** Returns one fact of all that were found; undefined where nothing was. */
export function joinedFact(found: readonly KnownFact[]): KnownFact | undefined {
  if (found.length === 0) return undefined;
  const all = (values: readonly string[]) => [...new Set(values)].join(', ');
  return { is: all(found.map(({ is }) => is)), seenIn: all(found.map(({ seenIn }) => seenIn)) };
}

/** Returns a fact in words: `k3s`, or `not known: …`. */
export function factText(known: ClusterFact): string {
  return 'is' in known ? known.is : `not known: ${known.notKnown}`;
}

type NodeProperty = 'kubelet' | 'container runtime' | 'operating system of nodes' | 'kernel' | 'architecture of nodes';

/** What a property of a cluster is called. */
export type ClusterProperty =
  | NodeProperty
  | 'cluster made by'
  | 'provider'
  | 'distribution'
  | 'pod network'
  | 'kubelet root'
  | 'nodes used'
  | 'nodes not used'
  | 'feature gates of the API server'
  | 'feature gates of kubelet';

/** Returns what kind of cluster it was, as names and values; `not known: …` where a fact is not known. */
export function clusterProperties(cluster: KindOfCluster): Record<ClusterProperty, string> {
  const { madeBy, provider, distribution, podNetwork, usedNodes, unusedNodes: others, featureGates } = cluster;
  const named = usedNodes.map(({ name, roles }) => (roles.length > 0 ? `${name} (${roles.join(', ')})` : name));
  return {
    'cluster made by': madeBy === 'harness' ? 'the harness' : 'others',
    provider: factText(provider),
    distribution: factText(distribution),
    'pod network': factText(podNetwork),
    ...nodeProperties(cluster),
    'kubelet root': alike(usedNodes.map(({ name, kubeletRoot }) => [name, factText(kubeletRoot)])),
    'nodes used': named.join(', '),
    'nodes not used': others.length === 0 ? 'none' : others.map(unusedText).join('; '),
    'feature gates of the API server': gatesText(featureGates.apiServer),
    'feature gates of kubelet': factText(featureGates.kubelet),
  };
}

/** Returns a cluster's kind in a line: `k3s, AWS, Flannel, kubelet v1.37.2, containerd://2.2.1, …`. */
export function clusterLine(cluster: KindOfCluster): string {
  const { provider, distribution, podNetwork } = cluster;
  const { kubelet, 'container runtime': runtime, 'operating system of nodes': system } = nodeProperties(cluster);
  const known = [distribution, provider, podNetwork].map((fact) => ('is' in fact ? fact.is : undefined));
  return [...new Set(known), `kubelet ${kubelet}`, runtime, system].filter(Boolean).join(', ');
}

/** Returns what the nodes run, each with the number of nodes where they are not alike. */
function nodeProperties({ nodeSets }: Pick<KindOfCluster, 'nodeSets'>): Record<NodeProperty, string> {
  const of = (key: 'kubelet' | 'containerRuntime' | 'operatingSystem' | 'kernel' | 'architecture'): string => {
    const counts = [...grouped(nodeSets, (set) => set[key])].map(([value, sets]) => {
      return [value, sets.reduce((sum, set) => sum + set.count, 0)] as const;
    });
    if (counts.length === 1) return counts[0]?.[0] ?? '';
    return counts.map(([value, many]) => `${value} (${many === 1 ? '1 node' : `${many} nodes`})`).join(', ');
  };
  return {
    kubelet: of('kubelet'),
    'container runtime': of('containerRuntime'),
    'operating system of nodes': of('operatingSystem'),
    kernel: of('kernel'),
    'architecture of nodes': of('architecture'),
  };
}

function unusedText({ count, roles, why, names }: KindOfCluster['unusedNodes'][number]): string {
  const more = count - names.length;
  const which = more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
  return `${which}${roles.length > 0 ? ` (${roles.join(', ')})` : ''}: ${why}`;
}

/** Returns feature gates in words. */
export function gatesText(gates: KindOfCluster['featureGates']['apiServer']): string {
  if ('notKnown' in gates) return `not known: ${gates.notKnown}`;
  const { alphaOn, betaOff } = gates;
  const parts = [
    ...(alphaOn.length > 0 ? [`alpha or deprecated, and on: ${alphaOn.join(', ')}`] : []),
    ...(betaOff.length > 0 ? [`beta or stable, and off: ${betaOff.join(', ')}`] : []),
  ];
  return parts.join('; ') || 'as their stages say';
}

/** Returns the value that all have, or each with those that have it: `/var/lib/kubelet (a, b), /data/kubelet (c)`. */
export function alike(values: readonly (readonly [name: string, value: string])[]): string {
  const groups = [...grouped(values, ([, value]) => value)];
  if (groups.length === 1) return groups[0]?.[0] ?? '';
  return groups.map(([value, those]) => `${value} (${those.map(([name]) => name).join(', ')})`).join(', ');
}

/**
 * Returns where it was looked for left-overs, as lines: `looked at node1, node2`, `not looked at node3: no agent was
 * wanted`; none where that is not known.
 */
export function leftOverLines(leftOvers: LeftOvers | undefined): string[] {
  if (!leftOvers) return [];
  const { lookedAt, atEnd, notLookedAt } = leftOvers;
  const end = atEnd ? '' : '; not at the end of the run, which did not come that far';
  return [
    ...(lookedAt.length > 0 ? [`looked at ${lookedAt.join(', ')}${end}`] : []),
    ...notLookedAt.map(({ nodes, why }) => `not looked at ${nodes.join(', ')}: ${why}`),
  ];
}

/** Returns the kind of the clusters of several runs, each value in which they differ; null where there is none. */
export function mergedKind(clusters: readonly KindOfCluster[]): KindOfCluster | null {
  const [first] = clusters;
  if (!first) return null;
  const facts = (of: (cluster: KindOfCluster) => ClusterFact): ClusterFact => {
    const known = clusters.flatMap((cluster) => {
      const one = of(cluster);
      return 'is' in one ? [one] : [];
    });
    return joinedFact(known) ?? of(first);
  };
  const gates = clusters.map(({ featureGates }) => featureGates.apiServer);
  return {
    ...first,
    madeBy: clusters.some(({ madeBy }) => madeBy === 'others') ? 'others' : 'harness',
    provider: facts(({ provider }) => provider),
    distribution: facts(({ distribution }) => distribution),
    podNetwork: facts(({ podNetwork }) => podNetwork),
    nodeSets: distinct(clusters.flatMap(({ nodeSets }) => nodeSets)),
    usedNodes: distinct(clusters.flatMap(({ usedNodes }) => usedNodes)),
    unusedNodes: distinct(clusters.flatMap(({ unusedNodes }) => unusedNodes)),
    featureGates: {
      apiServer: distinct(gates).length === 1 ? first.featureGates.apiServer : { notKnown: 'they are not alike' },
      kubelet: facts(({ featureGates }) => featureGates.kubelet),
    },
  };
}

/** Returns where several runs have looked for left-overs; undefined where none is known to have. */
export function mergedLeftOvers(all: readonly LeftOvers[]): LeftOvers | undefined {
  if (all.length === 0) return undefined;
  return {
    lookedAt: [...new Set(all.flatMap(({ lookedAt }) => lookedAt))],
    atEnd: all.every(({ atEnd }) => atEnd),
    notLookedAt: distinct(all.flatMap(({ notLookedAt }) => notLookedAt)),
  };
}

/** Returns values that are not alike, by what is in them. */
function distinct<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
