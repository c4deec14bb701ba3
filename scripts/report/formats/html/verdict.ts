import { capital } from '../../../../clusters/text/capital.ts';
import { duration } from '../../../../clusters/text/duration.ts';
import { html, type Markup } from '../../../../clusters/text/markup.ts';
import { outcomes, outcomeWords, shareIn } from '../../model/counts.ts';
import type { LocalVolumeConformanceReport, ReportedSubject } from '../../model/report.ts';
import { counted, moment, shareBar, toneOf, toneOfOutcome } from './words.ts';

const words = { success: 'Success', partial: 'Partial', failure: 'Failure' } as const;
const signs = { success: '✓', partial: '–', failure: '✗' } as const;

/** Returns the head of the page: the verdict, what was tested, and how much of the catalogue. */
export function verdictSection(report: LocalVolumeConformanceReport): Markup {
  const { result, statistics, subjects, environment, implementation } = report;
  // The promises of Kubernetes come first in a verdict.
  const [headline = '', ...beside] = report.verdict.split('; ');
  const kubernetes = environment.kubernetes ?? implementation.version;
  return html`<section aria-labelledby="verdict-title">
<p class="over">Kubernetes ${kubernetes} · ${moment(report.date)} · ${duration(report.milliseconds)}</p>
<p class="verdict-mark ${toneOf(result)}"><span aria-hidden="true">${signs[result]}</span>${words[result]}</p>
<h1 id="verdict-title">${capital(headline)}</h1>
${beside.length > 0 && html`<p>${capital(beside.join('; '))}.</p>`}
<p class="lead">${extent(report)} Tested: ${implementation.project}.</p>
${report.interruptedBy !== undefined && html`<p class="notice">The run was interrupted by ${report.interruptedBy}: requirements that are not listed have not been looked at.</p>`}
${subjects.length > 0 && html`<ul class="subjects">${subjects.map(subjectItem)}</ul>`}
<dl class="counts">
${outcomes
  .filter((name) => statistics[name] > 0 || !rare.has(name))
  .map(
    (name) =>
      html`<div><dt>${name === 'passed' ? 'all: passed' : outcomeWords[name]}</dt><dd class="${statistics[name] > 0 ? toneOfOutcome(name) : 'quiet'}">${statistics[name]}</dd></div>`,
  )}
</dl>
</section>`;
}

/** Outcomes that most runs do not have. */
const rare: ReadonlySet<string> = new Set(['knownIssue', 'notApplicable']);

function subjectItem(subject: ReportedSubject): Markup {
  const { passed, applying, what } = shareIn(subject);
  return html`<li><strong>${passed}</strong> <span class="rest">of ${applying} ${what}</span>${shareBar(subject.statistics)}</li>`;
}

function extent({ complete, catalogue, requirements }: LocalVolumeConformanceReport): string {
  const shown = requirements.length;
  if (shown === 0) return `No requirement of the catalogue’s ${catalogue} gave a result.`;
  if (complete && shown === catalogue) return `The whole catalogue: ${counted(catalogue, 'requirement')}.`;
  if (complete)
    return `The whole catalogue was chosen, but only ${shown} of its ${catalogue} requirements gave a result.`;
  return `A part of the catalogue: ${shown} of ${counted(catalogue, 'requirement')}. It says nothing about the others.`;
}
