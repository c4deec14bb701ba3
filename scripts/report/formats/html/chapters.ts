import { grouped } from '../../../../clusters/text/collections.ts';
import { html, type Markup } from '../../../../clusters/text/markup.ts';
import { needs } from '../../../../specs/catalogue/needs.ts';
import { outcomes, statisticsOf } from '../../model/counts.ts';
import type {
  LocalVolumeConformanceReport,
  ReportedPart,
  ReportedProfile,
  ReportedStatistics,
} from '../../model/report.ts';
import { excerptOf } from './inline.ts';
import { counted, resultMark, shareBar, tally } from './words.ts';

/** Reasons for skipping that are listed, the most frequent first: the requirements have all of them. */
const mostReasons = 20;
const longestReason = 500;

/** Chapters × levels: where the requirements hold. */
export function chaptersSection(report: LocalVolumeConformanceReport): Markup {
  const { profiles, supportedFeatures, unsupportedFeatures } = report;
  return html`<section id="chapters" aria-labelledby="chapters-title">
<h2 id="chapters-title">Chapters and levels</h2>
<p class="lead">Core: users of local volumes rely on it. Extended: an optional feature, a minor’s own behaviour, a corner.</p>
${
  profiles.length === 0
    ? html`<p>No chapter gave a result.</p>`
    : html`<div class="scroll" tabindex="0" role="group" aria-label="Table of chapters and levels"><table class="matrix">
<caption>Requirements of each chapter: ${outcomes.map((outcome, index) => html`${index > 0 && ', '}${resultMark(outcome, true)}`)}</caption>
<thead><tr><th scope="col">chapter</th><th scope="col">core</th><th scope="col">extended</th><th scope="col" class="bar-cell"><span class="unseen">both, as a bar</span></th></tr></thead>
<tbody>${profiles.map(row)}</tbody>
</table></div>`
}
${tiersTable(report)}
${supportedFeatures.length > 0 && html`<p><strong>Features shown:</strong> ${supportedFeatures.join(', ')}.</p>`}
${
  unsupportedFeatures.length > 0 &&
  html`<h3>Features not shown</h3><ul>${unsupportedFeatures.map(({ name, reason }) => html`<li>${name}: ${reason}</li>`)}</ul>`
}
</section>`;
}

/** Returns what specs ask of a cluster × how they ended, and why specs were skipped. Nothing for earlier reports. */
function tiersTable({ tiers = [], requirements }: LocalVolumeConformanceReport): Markup | undefined {
  if (tiers.length === 0) return undefined;
  const skipped = requirements.filter(({ result }) => result === 'skipped');
  const reasons = [...grouped(skipped, ({ reason = '' }) => reason)].toSorted(([, a], [, b]) => b.length - a.length);
  return html`<h3 class="spaced" id="tiers">By what specs ask of a cluster</h3>
<div class="scroll" tabindex="0" role="group" aria-label="Table of what specs ask of a cluster"><table class="matrix tiers">
<caption>Each requirement counts where the last of its needs is</caption>
<thead><tr><th scope="col">need</th><th scope="col">requirements</th><th scope="col" class="meaning">what it is</th></tr></thead>
<tbody>${tiers.map(
    ({ name, statistics }) =>
      html`<tr><th scope="row">${name}</th><td>${tally(statistics)}</td><td class="meaning quiet">${needs[name]}</td></tr>`,
  )}</tbody>
</table></div>
${
  reasons.length > 0 &&
  html`<details><summary>Why ${counted(skipped.length, 'requirement was', 'requirements were')} skipped</summary><ul>${reasons
    .slice(0, mostReasons)
    .map(([reason, of]) => html`<li>${of.length}: ${excerptOf(reason, longestReason).text}</li>`)}</ul></details>`
}`;
}

function row({ name, core, extended }: ReportedProfile): Markup {
  return html`<tr><th scope="row"><a href="#chapter-${name}">${name}</a></th>${[core, extended].map((part) =>
    part
      ? html`<td><span class="unseen">${part.result}: </span>${tally(part.statistics)}</td>`
      : html`<td class="quiet">none</td>`,
  )}<td class="bar-cell">${shareBar(sumOf([core, extended]))}</td></tr>`;
}

function sumOf(parts: readonly (ReportedPart | undefined)[]): ReportedStatistics {
  const sum = statisticsOf([]);
  for (const name of outcomes) for (const part of parts) sum[name] += part?.statistics[name] ?? 0;
  return sum;
}
