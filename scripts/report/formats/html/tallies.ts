import { html, type Markup } from '../../../markup.ts';
import type { ReportedStatistics } from '../../model/report.ts';
import { percent, resultMark } from './words.ts';

/** How the requirements are shared out, as a bar. The numbers stand beside it. */
export function shareBar({ passed, failed, skipped }: ReportedStatistics): Markup | undefined {
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

/** Passed, failed, skipped and not applicable, each at its place; what is none stays empty. */
export function tally(statistics: ReportedStatistics): Markup {
  return html`<span class="tally">${(['passed', 'failed', 'skipped', 'notApplicable'] as const).map((name) =>
    statistics[name] > 0 ? html`<span>${resultMark(name)} ${statistics[name]}</span>` : html`<span></span>`,
  )}</span>`;
}
