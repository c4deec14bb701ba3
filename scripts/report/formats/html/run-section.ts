import { duration } from '../../../../clusters/text/duration.ts';
import { html, type Markup } from '../../../../clusters/text/markup.ts';
import { leftOverLines } from '../../model/kind-of-cluster.ts';
import type { LocalVolumeConformanceReport } from '../../model/report.ts';
import { excerptOf } from './inline.ts';
import { facts, resultMark } from './words.ts';

const longestMessage = 4_000;

/** Returns the section about the run around its specs: order, retries, leaks, steps, and how to repeat it. */
export function runSection(report: LocalVolumeConformanceReport): Markup {
  const { steps, retries, leaks, reproduce, shard, mergedFrom } = report;
  const from = mergedFrom ? `${mergedFrom.length} runs, one for each shard` : 'one run';
  return html`<section id="run" aria-labelledby="run-title">
<h2 id="run-title">The run</h2>
<p class="lead">Run ${report.run}. Its results come from ${from}; nothing was retried into passing.</p>
<div class="pair">
<div><h3>Order and care</h3>${facts([
    ['spec list', html`<code>${report.specList}</code>`],
    ['shard', shard && `${shard.index} of ${shard.of}, of ${shard.selection.length} requirements`],
    [
      'merged from',
      mergedFrom &&
        html`<ul>${mergedFrom.map(({ run, seed }) => html`<li>run ${run}, seed ${seed ?? 'none'}</li>`)}</ul>`,
    ],
    ['seed', report.seed ?? (mergedFrom ? undefined : 'no specs were planned')],
    ['side by side', report.jobs === null ? undefined : `${report.jobs} specs`],
    [
      'steps tried again',
      retries.length === 0
        ? 'none'
        : html`<ul>${retries.map(({ step, attempt, reason }) => html`<li>${step}, attempt ${attempt}: ${excerptOf(reason, longestMessage).text}</li>`)}</ul>`,
    ],
    [
      'left-overs',
      report.leftOvers &&
        html`<ul>${leftOverLines(report.leftOvers).map((line) => html`<li>${excerptOf(line, longestMessage).text}</li>`)}</ul>`,
    ],
    [
      'left behind',
      leaks.length === 0
        ? nothingLeft(report)
        : html`<ul>${leaks.map((leak) => html`<li>${resultMark('failed')} ${excerptOf(leak, longestMessage).text}</li>`)}</ul>`,
    ],
  ])}</div>
<div><h3>To reproduce</h3>${
    reproduce.length === 0
      ? html`<p>No commands were written.</p>`
      : html`<pre class="message" tabindex="0">${reproduce.join('\n')}</pre>`
  }</div>
</div>
${
  steps.length > 0 &&
  html`<h3 class="spaced">Steps</h3>
<div class="scroll" tabindex="0" role="group" aria-label="Table of steps"><table>
<caption>Steps around the specs, in order</caption>
<thead><tr><th scope="col">step</th><th scope="col">result</th><th scope="col" class="number">time</th></tr></thead>
<tbody>${steps.map(
    ({ title, direction, outcome, milliseconds, message }) =>
      html`<tr><td>${direction === 'undo' && html`<span class="quiet">undo:</span> `}${title}${
        message !== undefined && html`<br><span class="quiet">${excerptOf(message, longestMessage).text}</span>`
      }</td><td>${outcome === 'done' ? html`<span class="passed"><span aria-hidden="true">✓</span> done</span>` : html`<span class="failed"><span aria-hidden="true">✗</span> failed</span>`}</td><td class="number">${duration(milliseconds)}</td></tr>`,
  )}</tbody></table></div>`
}
</section>`;
}

/** Returns what can be said where nothing was found: no node was looked at where no agent ran. */
function nothingLeft({ leftOvers }: LocalVolumeConformanceReport): string {
  return leftOvers && leftOvers.lookedAt.length === 0 ? 'nothing of the API; nodes were not looked at' : 'nothing';
}
