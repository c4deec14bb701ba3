import { html, type Markup, type Piece } from '../../../../clusters/text/markup.ts';
import { outcomes, outcomeWords } from '../../model/counts.ts';
import type { LocalVolumeConformanceReport, ReportedRequirement, ReportedStatistics } from '../../model/report.ts';

export type Outcome = ReportedRequirement['result'];

const marks = {
  passed: '✓',
  failed: '✗',
  knownIssue: '!',
  skipped: '–',
  notApplicable: '·',
} as const satisfies Record<Outcome, string>;
const resultTones = { success: 'passed', partial: 'skipped', failure: 'failed' } as const;

/** Returns a result as sign, colour and word; the word is visible only where asked for, and read aloud anyway. */
export function resultMark(result: Outcome, seen = false): Markup {
  const name = outcomeWords[result];
  const word = seen ? html` ${name}` : html`<span class="unseen">${name}</span>`;
  return html`<span class="${toneOfOutcome(result)}"><span aria-hidden="true">${marks[result]}</span>${word}</span>`;
}

/** Returns the class that gives an outcome its colour. */
export function toneOfOutcome(outcome: Outcome): 'passed' | 'failed' | 'skipped' | 'quiet' {
  if (outcome === 'knownIssue') return 'skipped';
  return outcome === 'notApplicable' ? 'quiet' : outcome;
}

/** Returns the outcome whose colour the result of a run has. */
export function toneOf(result: LocalVolumeConformanceReport['result']): 'passed' | 'skipped' | 'failed' {
  return resultTones[result];
}

/** Returns `812 bytes`, `52 KB`, `1.3 MB`: decimal, as file managers show it. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Returns `23 November 2026, 07:29 UTC`. */
export function moment(iso: string): string {
  const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
  const date = new Date(iso);
  return `${day.format(date)}, ${date.toISOString().slice(11, 16)} UTC`;
}

export function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(3)}%`;
}

/** Returns a link to a file beside the page. */
export function relativeLink(path: string, text: Piece = path): Markup {
  return html`<a href="${`./${path.split('/').map(encodeURIComponent).join('/')}`}">${text}</a>`;
}

/** Returns where Kubernetes promises something: a link where it is one. */
export function sourceLink(source: string): Markup {
  if (!/^https?:\/\/\S+$/.test(source)) return html`${source}`;
  return html`<a href="${source}" rel="noreferrer">${source.replace(/^https?:\/\//, '')}</a>`;
}

/** Returns a list of terms; those without a value are left out. */
export function facts(rows: readonly (readonly [term: string, value: Piece])[]): Markup {
  const known = rows.filter(([, value]) => value !== undefined && value !== false && value !== '');
  return html`<dl class="facts">${known.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>`;
}

/** Returns `1 spec`, `3 specs`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Returns the outcomes as parts of a bar, for readers who have the numbers beside it. */
export function shareBar({ passed, failed, knownIssue, ...others }: ReportedStatistics): Markup | undefined {
  const skipped = knownIssue + others.skipped;
  const all = passed + failed + skipped;
  if (all === 0) return undefined;
  // One of three hundred must still be seen.
  const widths = { failed: widened(failed, all), skipped: widened(skipped, all) };
  return html`<svg class="share" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 1">
<rect class="passed" width="100" height="1"/>
<rect class="skipped" x="${100 - widths.failed - widths.skipped}" width="${widths.skipped}" height="1"/>
<rect class="failed" x="${100 - widths.failed}" width="${widths.failed}" height="1"/>
</svg>`;
}

function widened(count: number, all: number): number {
  return count === 0 ? 0 : Math.max(0.8, Number.parseFloat(percent(count, all)));
}

/** Returns the number of each outcome, each in its own place; the place of an outcome without any stays empty. */
export function tally(statistics: ReportedStatistics): Markup {
  return html`<span class="tally">${outcomes.map((name) =>
    statistics[name] > 0 ? html`<span>${resultMark(name)} ${statistics[name]}</span>` : html`<span></span>`,
  )}</span>`;
}
