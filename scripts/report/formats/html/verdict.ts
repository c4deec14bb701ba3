import { duration } from '../../../../clusters/text/duration.ts';
import { html, type Markup } from '../../../../clusters/text/markup.ts';
import type { LocalVolumeConformanceReport } from '../../model/report.ts';
import { counted, moment, shareBar, toneOf } from './words.ts';

const words = { success: 'Success', partial: 'Partial', failure: 'Failure' } as const;
const signs = { success: '✓', partial: '–', failure: '✗' } as const;

/** Returns the first thing that is read: what the run came to, on what, and how much of the catalogue it is about. */
export function verdictSection(report: LocalVolumeConformanceReport): Markup {
  const { result, statistics, environment, implementation } = report;
  const kubernetes = environment.kubernetes ?? implementation.version;
  return html`<section aria-labelledby="verdict-title">
<p class="over">Kubernetes ${kubernetes} · ${moment(report.date)} · ${duration(report.milliseconds)}</p>
<p class="verdict-mark ${toneOf(result)}"><span aria-hidden="true">${signs[result]}</span>${words[result]}</p>
<h1 id="verdict-title">${sentence(report.verdict)}</h1>
<p class="lead">${extent(report)} Tested: ${implementation.project}.</p>
${report.interruptedBy !== undefined && html`<p class="notice">The run was interrupted by ${report.interruptedBy}: requirements that are not listed have not been looked at.</p>`}
<dl class="counts">
${(['passed', 'failed', 'skipped'] as const).map(
  (name) =>
    html`<div><dt>${name}</dt><dd class="${statistics[name] > 0 ? name : 'quiet'}">${statistics[name]}</dd></div>`,
)}${statistics.notApplicable > 0 && html`<div><dt>not applicable</dt><dd class="quiet">${statistics.notApplicable}</dd></div>`}
</dl>
${shareBar(statistics)}
</section>`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function extent({ complete, catalogue, requirements }: LocalVolumeConformanceReport): string {
  const shown = requirements.length;
  if (shown === 0) return `No requirement of the catalogue’s ${catalogue} gave a result.`;
  if (complete && shown === catalogue) return `The whole catalogue: ${counted(catalogue, 'requirement')}.`;
  if (complete)
    return `The whole catalogue was chosen, but only ${shown} of its ${catalogue} requirements gave a result.`;
  return `A part of the catalogue: ${shown} of ${counted(catalogue, 'requirement')}. It says nothing about the others.`;
}
