import { duration } from '../../../../clusters/text/duration.ts';
import { html, type Markup } from '../../../../clusters/text/markup.ts';
import type { LocalVolumeConformanceReport, ReportedFailure, ReportedRequirement } from '../../model/report.ts';
import { cutText, evidenceList, type Material } from './evidence-list.ts';
import { counted, resultMark, sourceLink } from './words.ts';

/** Returns what does not hold, each with all that is known of it. Nothing where nothing failed. */
export function failuresSection(report: LocalVolumeConformanceReport, material: Material): Markup | undefined {
  const failed = report.requirements.filter(({ result }) => result === 'failed');
  const { outside } = report;
  if (failed.length === 0 && outside.length === 0) return undefined;
  const counts = [
    failed.length > 0 && counted(failed.length, 'requirement does', 'requirements do'),
    outside.length > 0 && `${counted(outside.length, 'failure')} outside of requirements`,
  ].filter(Boolean);
  return html`<section id="failures" aria-labelledby="failures-title">
<h2 id="failures-title">What failed</h2>
<p class="lead">${failed.length > 0 ? `${counts[0]} not hold${counts[1] ? `, and ${counts[1]}` : ''}.` : `${counts[0]}.`}</p>
${failed.map((requirement) => failure(requirement, material))}
${outside.map(
  ({ id, title, message }) => html`<article class="failure">
<h3><span class="id">${resultMark('failed')} ${id}</span>${title}</h3>
<h4>What was seen</h4>${cutText(message, 'messages', material, 'message')}
</article>`,
)}
</section>`;
}

/** Returns the promises that Kubernetes is known to break, with what was seen of each. Nothing where there are none. */
export function knownIssuesSection(report: LocalVolumeConformanceReport, material: Material): Markup | undefined {
  const issues = report.requirements.filter(({ knownIssue }) => knownIssue?.shows !== undefined);
  if (issues.length === 0) return undefined;
  return html`<section id="known-issues" aria-labelledby="known-issues-title">
<h2 id="known-issues-title">Known issues of Kubernetes</h2>
<p class="lead">Promises that open issues of Kubernetes say are broken in some minors. Each was tried; one that is broken is neither passed nor held against what was tested.</p>
${issues.map((requirement) => knownIssue(requirement, material))}
</section>`;
}

function knownIssue(
  { id, result, sentence, knownIssue: issue, failure: seen }: ReportedRequirement,
  material: Material,
) {
  if (!issue) return undefined;
  const { url, minors, instead, shows } = issue;
  return html`<article class="failure known">
<h3><span class="id">${resultMark(result)} <a href="#${id}">${id}</a></span>${sentence}</h3>
${
  shows
    ? html`<p>Kubernetes ${minors.join(', ')} instead: ${instead}.</p>`
    : html`<p class="notice"><strong>This known issue no longer shows here</strong>, although Kubernetes ${minors.join(', ')} is known for it: ${instead}.</p>`
}
<p>${sourceLink(url)}</p>
${seen && html`<h4>What was seen</h4>${errorMarkup(seen, material)}`}
</article>`;
}

type ThrownError = Pick<ReportedFailure, 'message' | 'details'>;

const parts = [
  ['on', 'on'],
  ['seen', 'seen'],
  ['why', 'why'],
  ['conclusion', 'so'],
  ['remedy', 'do'],
] as const satisfies readonly (readonly [keyof NonNullable<ThrownError['details']>, string])[];

/** An error, then its causes, the difference of an assertion, and what failed in cleaning up. */
function errorMarkup(error: ReportedFailure, material: Material): Markup {
  const { causes = [], difference, afterwards = [] } = error;
  return html`${thrownMarkup(error, material)}
${difference !== undefined && cutText(difference, 'messages', material, 'message')}
${causes.map((cause) => html`<h4>Caused by</h4>${thrownMarkup(cause, material)}`)}
${afterwards.map((each) => html`<h4>Afterwards, cleaning up failed</h4>${thrownMarkup(each, material)}`)}`;
}

/** What an error says: its details by name where the harness has written it, else its message. */
function thrownMarkup({ message, details }: ThrownError, material: Material): Markup {
  if (!details) return cutText(message, 'messages', material, 'message');
  const rows = parts.flatMap(([part, label]) => (details[part] ? [[label, details[part]] as const] : []));
  return html`${cutText(details.attempted, 'messages', material, 'message')}
<dl class="details">${rows.map(
    ([label, text]) => html`<dt>${label}</dt><dd>${cutText(text, 'messages', material, 'message')}</dd>`,
  )}</dl>`;
}

function failure(requirement: ReportedRequirement, material: Material): Markup {
  const { id, sentence, failure: seen, evidence, file, line } = requirement;
  const place = line === undefined ? file : `${file}:${line}`;
  return html`<article class="failure" id="failure-${id}">
<h3><span class="id">${resultMark('failed')} ${id}</span>${sentence}</h3>
<p class="quiet">${requirement.level} · ${requirement.chapter} · ${duration(requirement.milliseconds)} · <a href="#${id}">the requirement</a></p>
<h4>What was seen${seen?.name !== undefined && html` <code>${seen.name}</code>`}</h4>
${seen ? errorMarkup(seen, material) : html`<p>No message was written.</p>`}
<h4>Where</h4>
<ul class="files">${(seen && seen.frames.length > 0 ? seen.frames : [place]).map((frame) => html`<li><code>${frame.trim()}</code></li>`)}</ul>
${
  seen?.diagnosis !== undefined && html`<h4>What the cluster said</h4>${cutText(seen.diagnosis, 'diagnoses', material)}`
}
<h4>Evidence</h4>
${evidenceList(evidence, 'evidence of failures', material)}
</article>`;
}
