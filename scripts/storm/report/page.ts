import { join } from 'node:path';
import { writeAtomically } from '../../../clusters/host/write-atomically.ts';
import { capital } from '../../../clusters/text/capital.ts';
import { grouped } from '../../../clusters/text/collections.ts';
import { duration } from '../../../clusters/text/duration.ts';
import { html, type Markup } from '../../../clusters/text/markup.ts';
import { inGibibytes } from '../../../clusters/text/quantity.ts';
import { type PageParts, readPageParts, renderPage } from '../../report/formats/html/page.ts';
import { facts, moment } from '../../report/formats/html/words.ts';
import { clientLimits, loadText } from '../cells.ts';
import { termsOf } from './growth.ts';
import { bindingTimes, courseOf, phasesOf, plotStyle, schedulerCosts } from './plots.ts';
import { finishedCells, type MeasuredCell, measuredCells, type Storm } from './storm-file.ts';
import { growthLines, harnessLine, heads, largest, legend, rowOf } from './table.ts';

/** Writes storm.html into a folder. */
export async function writeStormPage(folder: string, storm: Storm): Promise<void> {
  writeAtomically(join(folder, 'storm.html'), stormPage(storm, await readPageParts()));
}

/** Returns a storm as one HTML document that loads nothing. */
export function stormPage(storm: Storm, parts: PageParts): string {
  const measured = measuredCells(storm);
  const good = storm.verdict.startsWith('conforms');
  return renderPage(
    {
      title: `Claim storm on Kubernetes ${storm.environment.kubernetes}`,
      mark: good ? 'passed' : 'failed',
      styles: [plotStyle],
      sections: [
        { id: 'cells', title: 'Cells' },
        ...(measured.length === 0
          ? []
          : [
              { id: 'pictures', title: 'Pictures' },
              { id: 'terms', title: 'What explains it' },
            ]),
        { id: 'environment', title: 'Environment' },
      ],
      content: html`${verdict(storm, good)}${cellsSection(storm)}${measured.length > 0 && [picturesSection(measured, storm), termsSection(measured, storm)]}${environmentSection(storm)}`,
      maker: `Made by local-pv-conformance from the storm ${storm.run}. This page loads nothing.`,
    },
    parts,
  );
}

function verdict({ verdict, environment, date, milliseconds }: Storm, good: boolean): Markup {
  return html`<section aria-labelledby="verdict-title">
<p class="over">Claim storm · Kubernetes ${environment.kubernetes} · ${environment.limits} client limits · ${moment(date)} · ${duration(milliseconds)}</p>
<p class="verdict-mark ${good ? 'passed' : 'failed'}"><span aria-hidden="true">${good ? '✓' : '✗'}</span>${good ? 'Conforms' : 'Not shown'}</p>
<h1 id="verdict-title">${capital(verdict)}</h1>
</section>`;
}

function cellsSection({ cells }: Storm): Markup {
  const broken = cells.filter(({ violations, unfinished }) => violations.length > 0 || unfinished.count > 0);
  return html`<section id="cells" aria-labelledby="cells-title">
<h2 id="cells-title">Cells</h2>
<div class="scroll" tabindex="0" role="group" aria-label="Table of the cells"><table>
<caption>${legend}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col" class="number">${head}</th>`)}</tr></thead>
<tbody>${cells.map((cell) => html`<tr>${rowOf(cell).map((text) => html`<td class="number">${text}</td>`)}</tr>`)}</tbody>
</table></div>
${broken.map(
  (cell) =>
    html`<h3 class="spaced">${loadText(cell)}</h3><ul>${cell.violations.map((line) => html`<li>${line}</li>`)}${
      cell.unfinished.count > 0 &&
      html`<li>${cell.unfinished.count} claims were not bound, or their pods had no node, at the deadline: ${cell.unfinished.some.join(', ')}</li>`
    }</ul>`,
)}
</section>`;
}

function picturesSection(measured: readonly MeasuredCell[], storm: Storm): Markup {
  // Of each form of storm the largest one: the others are smaller pictures of the same.
  const shown = [...grouped(measured, ({ binding, layout }) => `${binding} ${layout}`).values()].flatMap(largest);
  const growth = growthLines(storm);
  return html`<section id="pictures" aria-labelledby="pictures-title">
<h2 id="pictures-title">Time to be bound</h2>
${bindingTimes(finishedCells(storm), storm.environment.limits)}
${growth.length > 0 && html`<ul>${growth.map((line) => html`<li>${line}.</li>`)}</ul>`}
<h2>Claims over time</h2>
<p class="lead">Claims arrive at their rate, whatever the cluster does with them: the gap between two lines is what waits.</p>
<div class="plots storm">${shown.map((cell, index) => courseOf(cell, `course-${index}`))}</div>
<h2>Phases</h2>
<p class="lead">Each bar is one claim, the one at that percentile of created to scheduled: its parts add up.</p>
<div class="plots storm">${shown.map((cell, index) => phasesOf(cell, `phases-${index}`))}</div>
<h2>What the scheduler spends</h2>
<div class="plots storm">${schedulerCosts(measured)}</div>
</section>`;
}

function termsSection(measured: readonly MeasuredCell[], { environment }: Storm): Markup {
  return html`<section id="terms" aria-labelledby="terms-title">
<h2 id="terms-title">What explains it</h2>
<p class="lead">The controller has one worker for claims and one for volumes. Its client may send so many requests a second; the scheduler looks once a second whether a pod’s claims are bound.</p>
${measured.map((cell) => html`<h3 class="spaced">${loadText(cell)}</h3><ul>${termsOf(cell, environment.limits).map((line) => html`<li>${line}.</li>`)}</ul>`)}
<p class="quiet">${harnessLine(measured)}.</p>
</section>`;
}

function environmentSection({ environment, run }: Storm): Markup {
  const { controllerManager, scheduler } = clientLimits[environment.limits];
  const { cpus, memoryBytes } = environment;
  return html`<section id="environment" aria-labelledby="environment-title">
<h2 id="environment-title">Environment</h2>
${facts([
  ['Kubernetes', environment.kubernetes],
  [
    'client limits',
    `${environment.limits}: controller manager ${controllerManager.qps}/s, burst ${controllerManager.burst}; scheduler ${scheduler.qps}/s, burst ${scheduler.burst}`,
  ],
  ['kwok', environment.kwok],
  ['harness', environment.harness],
  ['Node.js', environment.node],
  ['kernel', environment.kernel],
  ['machine', `${cpus} processors, ${inGibibytes(memoryBytes)}`],
  ['run', run],
])}
</section>`;
}
