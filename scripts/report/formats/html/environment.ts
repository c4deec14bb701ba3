import { html, type Markup, type Piece } from '../../../../clusters/text/markup.ts';
import { inGibibytes } from '../../../../clusters/text/quantity.ts';
import { implementationName } from '../../model/environment.ts';
import {
  type ClusterFact,
  type ClusterProperty,
  clusterProperties,
  factText,
  gatesText,
  type KindOfCluster,
} from '../../model/kind-of-cluster.ts';
import type { LocalVolumeConformanceReport } from '../../model/report.ts';
import { facts, sourceLink } from './words.ts';

const unknown = html`<span class="quiet">not found out</span>`;

/** Returns what was tested, on what, with what. */
export function environmentSection(report: LocalVolumeConformanceReport): Markup {
  const { environment, implementation, harness } = report;
  const { nodeImage, host, cluster } = environment;
  const lent = cluster?.madeBy === 'others';
  const code = (text: string | null | undefined) =>
    text === null || text === undefined ? unknown : html`<code>${text}</code>`;
  /** What only clusters of ours have. */
  const ours = (value: Piece) => !lent && value;
  return html`<section id="environment" aria-labelledby="environment-title">
<h2 id="environment-title">What was tested</h2>
<p class="lead">As it was found on the cluster and the machine, not as it was asked for.</p>
<div class="pair">
<div><h3>Kubernetes</h3>${facts([
    ['API server', code(environment.kubernetes)],
    ['implementation', `${implementationName(implementation)} ${implementation.version}`],
    ['home', implementation.url !== '' && sourceLink(implementation.url)],
    ['contact', implementation.contact.join(', ')],
    ['node image', ours(code(nodeImage?.reference))],
    ['its digest', ours(code(nodeImage?.digest))],
    ['its id', ours(code(nodeImage?.id))],
    ['pinned as', ours(environment.nodeImagePin === null ? 'not a pinned image' : code(environment.nodeImagePin))],
    ['container runtime', !cluster && code(environment.containerRuntime)],
    ['kernel', !cluster && code(environment.kernel)],
    ['static provisioner', environment.staticProvisioner !== null && code(environment.staticProvisioner)],
  ])}</div>
<div><h3>Machine and harness</h3>${facts([
    ['cgroup', ours(environment.cgroupVersion === null ? unknown : `version ${environment.cgroupVersion}`)],
    ['container engine', ours(code(environment.engine))],
    ['kind', ours(code(environment.kind))],
    ['host', `${host.operatingSystem}, ${host.architecture}`],
    ['processors', host.cpus],
    ['memory', inGibibytes(host.memoryBytes)],
    ['Node.js', code(environment.node)],
    ['harness', `local-pv-conformance ${harness.version}`],
    ['commit', html`${code(harness.commit)}${harness.modified === true && ' with changes that are not committed'}`],
  ])}</div>
</div>
${cluster ? clusterFacts(cluster) : undefined}
</section>`;
}

/** Returns what kind of cluster it was: each fact with where it was seen, or why it is not known. */
function clusterFacts(cluster: KindOfCluster): Markup {
  const { madeBy, provider, distribution, podNetwork, usedNodes, featureGates } = cluster;
  const properties = clusterProperties(cluster);
  const plain = (...names: ClusterProperty[]) => names.map((name) => [name, properties[name]] as const);
  return html`<h3 class="spaced">The cluster</h3>
<p class="lead">${madeBy === 'harness' ? 'The harness has made it for this run, or keeps it for such runs.' : 'The harness did not make it. What this user may not read is not known.'}</p>
<div class="pair">
<div>${facts([
    ['distribution', known(distribution)],
    ['provider', known(provider)],
    ['pod network', known(podNetwork)],
    ...plain('nodes used', 'nodes not used'),
    ...usedNodes
      .filter(({ name, hostname }) => name !== hostname)
      .map(({ name, hostname }) => [`hostname of ${name}`, hostname] as const),
    ['API server’s gates', known(gatesFact(featureGates.apiServer))],
    ['kubelet’s gates', known(featureGates.kubelet)],
  ])}</div>
<div>${facts([
    ...plain('kubelet', 'container runtime'),
    ['operating system', properties['operating system of nodes']],
    ...plain('kernel'),
    ['architecture', properties['architecture of nodes']],
    ...plain('kubelet root'),
  ])}</div>
</div>`;
}

function gatesFact(gates: KindOfCluster['featureGates']['apiServer']): ClusterFact {
  return 'notKnown' in gates ? gates : { is: gatesText(gates), seenIn: gates.seenIn };
}

function known(fact: ClusterFact): Markup {
  return 'is' in fact ? html`${fact.is} ${quiet(`(${fact.seenIn})`)}` : quiet(factText(fact));
}

function quiet(text: string): Markup {
  return html`<span class="quiet">${text}</span>`;
}
