import { inGibibytes } from '../../../clusters/text/quantity.ts';
import { implementationName } from '../model/environment.ts';
import { type ClusterProperty, clusterProperties, factText, gatesText } from '../model/kind-of-cluster.ts';
import type { LocalVolumeConformanceReport } from '../model/report.ts';

/** A fact of the environment, as each report has it; null where it could not be found out. */
export interface EnvironmentRow {
  name: string;
  values: readonly (string | null)[];
  differs: boolean;
}

const facts: readonly [name: string, of: Fact][] = [
  ['Kubernetes', ({ environment }) => environment.kubernetes],
  ['implementation', ({ implementation }) => implementationName(implementation)],
  ['cluster made by', ofCluster('cluster made by')],
  ['distribution', ofCluster('distribution')],
  ['provider', ofCluster('provider')],
  ['pod network', ofCluster('pod network')],
  ['nodes', nodesUsed],
  ['kubelet', ofCluster('kubelet')],
  ['container runtime', (report) => ofCluster('container runtime')(report) ?? report.environment.containerRuntime],
  ['nodes’ system', ofCluster('operating system of nodes')],
  ['kernel', (report) => ofCluster('kernel')(report) ?? report.environment.kernel],
  ['architecture', ofCluster('architecture of nodes')],
  ['kubelet root', kubeletRoots],
  ['kubelet’s gates', ofCluster('feature gates of kubelet')],
  ['node image', ours(({ environment }) => environment.nodeImage?.reference ?? null)],
  ['image digest or id', ours(({ environment }) => environment.nodeImage?.digest ?? environment.nodeImage?.id ?? null)],
  ['cgroup version', ours(({ environment }) => environment.cgroupVersion?.toString() ?? null)],
  ['engine', ours(({ environment }) => environment.engine)],
  ['static provisioner', ({ environment }) => environment.staticProvisioner],
  ['kind', ours(({ environment }) => environment.kind)],
  ['machine’s system', ({ environment: { host } }) => `${host.operatingSystem}, ${host.architecture}`],
  ['processors', ({ environment: { host } }) => String(host.cpus)],
  ['memory', ({ environment: { host } }) => inGibibytes(host.memoryBytes)],
  ['Node.js', ({ environment }) => environment.node],
  ['harness', ({ harness }) => harness.version],
  [
    'harness commit',
    ({ harness: { commit, modified } }) =>
      commit === null ? null : `${commit.slice(0, 12)}${modified ? ' changed' : ''}`,
  ],
  ['specs side by side', ({ jobs }) => jobs?.toString() ?? null],
];

/** What there is only on clusters that the harness has made. */
const absent = 'does not apply';

type Fact = (report: LocalVolumeConformanceReport) => string | null;

/** Returns a fact of the cluster, as clusterProperties names it. */
function ofCluster(name: ClusterProperty): Fact {
  return ({ environment: { cluster } }) => (cluster ? clusterProperties(cluster)[name] : null);
}

/** Returns a fact that only clusters have which the harness has made. */
function ours(of: Fact): Fact {
  return (report) => (report.environment.cluster?.madeBy === 'others' ? absent : of(report));
}

/** How many nodes specs have used, of how many. Their names say nothing about the kind of cluster. */
function nodesUsed({ environment: { cluster } }: LocalVolumeConformanceReport): string | null {
  if (!cluster) return null;
  return `${cluster.usedNodes.length} of ${cluster.nodeSets.reduce((sum, { count }) => sum + count, 0)} used`;
}

function kubeletRoots({ environment: { cluster } }: LocalVolumeConformanceReport): string | null {
  if (!cluster) return null;
  return [...new Set(cluster.usedNodes.map(({ kubeletRoot }) => factText(kubeletRoot)))].join(', ');
}

/**
 * Returns in which of the API server's feature gates clusters differ: of each report those that not all have. Where one
 * is not known, their number.
 */
function gatesOf(reports: readonly LocalVolumeConformanceReport[]): (string | null)[] {
  const all = reports.map(({ environment: { cluster } }) => cluster?.featureGates.apiServer);
  const known = all.flatMap((gates) => (gates && 'alphaOn' in gates ? [gates] : []));
  const wordsOf = ({ alphaOn, betaOff }: (typeof known)[number]) => [
    ...alphaOn.map((gate) => `${gate} on`),
    ...betaOff.map((gate) => `${gate} off`),
  ];
  const each = known.map(wordsOf);
  return all.map((gates) => {
    if (!gates) return null;
    if ('notKnown' in gates) return gatesText(gates);
    const { alphaOn, betaOff } = gates;
    if (known.length < all.length) return `${alphaOn.length} alpha or deprecated on, ${betaOff.length} others off`;
    const odd = wordsOf(gates).filter((gate) => !each.every((others) => others.includes(gate)));
    return odd.join(', ') || 'none that the others have not';
  });
}

/** Returns what the runs ran on, a row for each fact that one of them knows. Unknown differs from known. */
export function environmentRows(reports: readonly LocalVolumeConformanceReport[]): EnvironmentRow[] {
  const known = facts.map(([name, of]) => [name, reports.map(of)] as const);
  return [...known, ['API server’s gates', gatesOf(reports)] as const].flatMap(([name, values]) => {
    if (values.every((value) => value === null || value === absent)) return [];
    return [{ name, values, differs: new Set(values).size > 1 }];
  });
}
