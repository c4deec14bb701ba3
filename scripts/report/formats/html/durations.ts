import { grouped, median, quantile } from '../../../../clusters/text/collections.ts';
import { duration } from '../../../../clusters/text/duration.ts';
import { html, type Markup } from '../../../../clusters/text/markup.ts';
import { inPercent, isNoticeable, slowest } from '../../model/figures.ts';
import type { LocalVolumeConformanceReport } from '../../model/report.ts';
import { type PlottedStart, podStartPlot, ratioRange, seconds, times } from './pod-start-plot.ts';
import { scheduleChart } from './schedule.ts';
import { percent } from './words.ts';

const slowestShown = 15;
const mostPlots = 4;

/** Returns how fast pods were against what Kubernetes allows, and which specs took longest. */
export function durationsSection(report: LocalVolumeConformanceReport): Markup {
  return html`<section id="durations" aria-labelledby="durations-title">
<h2 id="durations-title">Durations</h2>
${podStarts(report)}
${scheduleChart(report)}
${slowestTable(report)}
</section>`;
}

function podStarts(report: LocalVolumeConformanceReport): Markup {
  const place = new Map(report.requirements.map(({ id }, index) => [id, index]));
  const starts = report.podStarts
    .filter(({ lowerLimit, milliseconds }) => lowerLimit > 0 && milliseconds > 0)
    .toSorted((a, b) => (place.get(a.requirement) ?? 0) - (place.get(b.requirement) ?? 0));
  if (starts.length === 0) return html`<p class="lead">No pod start was measured.</p>`;
  const byLimit = [...grouped(starts, ({ lowerLimit }) => lowerLimit)].sort(([a], [b]) => a - b);
  const range = ratioRange(starts);
  return html`<p class="lead">From created to Ready, each pod against its lower limit: what the source code and the waits of Kubernetes allow at best. Where a claim was bound only for this pod, the limit has the scheduler’s look once a second in it.${
    report.jobs !== null &&
    report.jobs > 1 &&
    ` ${report.jobs} specs ran side by side, so pods waited for each other too.`
  }${
    isNoticeable(report.cpuSteal) && ` The CPU steal was ${inPercent(report.cpuSteal)}, so everything took longer.`
  }</p>
<div class="plots">${byLimit
    .slice(0, mostPlots)
    .map(
      ([limit, some], index) =>
        html`<figure><figcaption>Lower limit ${seconds(limit)}</figcaption>${podStartPlot(`plot-${index + 1}`, some, range)}</figure>`,
    )}</div>
<div class="scroll" tabindex="0" role="group" aria-label="Table of pod starts"><table>
<caption>Pod starts, in seconds and as multiples of the lower limit</caption>
<thead><tr><th scope="col">lower limit</th><th scope="col" class="number">pods</th><th scope="col" class="number">fastest</th><th scope="col" class="number">median</th><th scope="col" class="number">nine in ten within</th><th scope="col" class="number">slowest</th></tr></thead>
<tbody>${byLimit.map(([limit, some]) => startsRow(limit, some))}</tbody></table></div>`;
}

function startsRow(limit: number, starts: readonly PlottedStart[]): Markup {
  const all = starts.map(({ milliseconds }) => milliseconds);
  const cell = (value: number) =>
    html`<td class="number">${seconds(value)} <span class="quiet">${times(value / limit)}</span></td>`;
  return html`<tr><th scope="row">${seconds(limit)}</th><td class="number">${all.length}</td>${[
    Math.min(...all),
    median(all),
    quantile(all, 0.9),
    Math.max(...all),
  ].map(cell)}</tr>`;
}

function slowestTable({ requirements }: LocalVolumeConformanceReport): Markup | undefined {
  const order = slowest(requirements, slowestShown);
  const [longest] = order;
  if (!longest) return undefined;
  return html`<h3 class="spaced">Slowest specs</h3>
<div class="scroll" tabindex="0" role="group" aria-label="Table of the slowest specs"><table class="bars">
<caption>The ${order.length} specs that took longest, with the time that each had for itself or shared with others</caption>
<thead><tr><th scope="col">requirement</th><th scope="col"><span class="unseen">as a bar</span></th><th scope="col" class="number">time</th></tr></thead>
<tbody>${order.map(
    ({ id, sentence, milliseconds, slowBecause }) =>
      html`<tr><td><a class="id" href="#${id}">${id}</a> <span class="what">${sentence}${slowBecause !== undefined && html` <em class="quiet">Slow because: ${slowBecause}.</em>`}</span></td><td class="bar-cell"><svg aria-hidden="true"><rect width="${percent(milliseconds, longest.milliseconds)}" height="100%" rx="2"/></svg></td><td class="number">${duration(milliseconds)}</td></tr>`,
  )}</tbody></table></div>`;
}
