import { html, type Markup } from '../../../../clusters/text/markup.ts';
import { implementationName } from '../../model/environment.ts';
import type { LocalVolumeConformanceReport } from '../../model/report.ts';
import { facts, sourceLink } from './words.ts';

const unknown = html`<span class="quiet">not found out</span>`;

/** Returns what was tested, on what, with what. */
export function environmentSection(report: LocalVolumeConformanceReport): Markup {
  const { environment, implementation, harness } = report;
  const { nodeImage, host } = environment;
  const code = (text: string | null | undefined) =>
    text === null || text === undefined ? unknown : html`<code>${text}</code>`;
  return html`<section id="environment" aria-labelledby="environment-title">
<h2 id="environment-title">What was tested</h2>
<p class="lead">As it was found on the cluster and the machine, not as it was asked for.</p>
<div class="pair">
<div><h3>Kubernetes</h3>${facts([
    ['API server', code(environment.kubernetes)],
    ['implementation', `${implementationName(implementation)} ${implementation.version}`],
    ['home', implementation.url !== '' && sourceLink(implementation.url)],
    ['contact', implementation.contact.join(', ')],
    ['node image', code(nodeImage?.reference)],
    ['its digest', code(nodeImage?.digest)],
    ['its id', code(nodeImage?.id)],
    ['pinned as', environment.nodeImagePin === null ? 'not a pinned image' : code(environment.nodeImagePin)],
    ['container runtime', code(environment.containerRuntime)],
  ])}</div>
<div><h3>Machine and harness</h3>${facts([
    ['kernel', code(environment.kernel)],
    ['cgroup', environment.cgroupVersion === null ? unknown : `version ${environment.cgroupVersion}`],
    ['static provisioner', environment.staticProvisioner !== null && code(environment.staticProvisioner)],
    ['container engine', code(environment.engine)],
    ['kind', code(environment.kind)],
    ['host', `${host.operatingSystem}, ${host.architecture}`],
    ['processors', host.cpus],
    ['memory', `${(host.memoryBytes / 2 ** 30).toFixed(1)} GiB`],
    ['Node.js', code(environment.node)],
    ['harness', `local-pv-conformance ${harness.version}`],
    ['commit', html`${code(harness.commit)}${harness.modified === true && ' with changes that are not committed'}`],
  ])}</div>
</div>
</section>`;
}
