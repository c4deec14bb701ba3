import { capital } from '../../../clusters/text/capital.ts';
import { html, type Markup } from '../../../clusters/text/markup.ts';
import { type PageParts, renderPage } from '../formats/html/page.ts';
import { resultMark } from '../formats/html/words.ts';
import type { Cell, Comparison } from './compare.ts';
import { columnRows, conclusionOf, type Group, groupsOf, noiseRule, outcomeWords, slowerLines } from './wording.ts';

/** Returns a comparison as one HTML document that loads nothing, with the look of report.html. */
export function comparisonPage(comparison: Comparison, parts: PageParts): string {
  const { columns } = comparison;
  const labels = columns.map(({ label }) => label);
  const groups = groupsOf(comparison);
  return renderPage(
    {
      title: `${labels.join(' and ')}: ${conclusionOf(comparison)}`,
      mark: comparison.worse ? 'failed' : 'passed',
      sections: [
        ...(groups.length > 0 ? [{ id: groupId(groups[0]), title: 'Changes' }] : []),
        { id: 'speed', title: 'Speed' },
        { id: 'environments', title: 'Environments' },
      ],
      content: html`${verdict(comparison, labels)}${groups.map((group) => changes(group, labels))}${speed(comparison)}${environments(comparison, labels)}`,
      maker: `Made by local-pv-conformance from the reports of the runs ${columns.map(({ run }) => run).join(', ')}. This page loads nothing.`,
    },
    parts,
  );
}

function verdict(comparison: Comparison, labels: readonly string[]): Markup {
  const { columns, notes, same } = comparison;
  const conclusion = conclusionOf(comparison);
  return html`<section aria-labelledby="verdict-title">
<p class="over">${labels.join(' and ')}, compared with ${labels[0]}</p>
<p class="verdict-mark ${comparison.worse ? 'failed' : 'passed'}"><span aria-hidden="true">${comparison.worse ? '✗' : '✓'}</span>${comparison.worse ? 'Worse' : 'No regression'}</p>
<h1 id="verdict-title">${capital(conclusion)}</h1>
<p class="lead">${same} requirements have the same result in all reports.</p>
${notes.map((note) => html`<p class="notice">${note}</p>`)}
${table(
  'What the runs came to; the first is the baseline',
  ['', ...labels],
  columnRows(columns).map(([name, values]) => [name, ...values]),
)}
</section>`;
}

function groupId(group: Group | undefined): string {
  return `changes-${group?.change}`;
}

function changes(group: Group, labels: readonly string[]): Markup {
  const id = groupId(group);
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${group.title}</h2>
<p class="lead">${group.requirements.length}: ${group.meaning}.</p>
${table(
  'Each requirement with its result in each report',
  ['requirement', ...labels],
  group.requirements.map(({ id: name, level, sentence, cells }) => [
    html`<span class="id">${name}</span> <span class="quiet">${level}</span><br>${sentence}`,
    ...cells.map(cellMarkup),
  ]),
  true,
)}
</section>`;
}

function cellMarkup({ outcome, because }: Cell): Markup {
  const mark =
    outcome === 'absent' ? html`<span class="quiet">${outcomeWords[outcome]}</span>` : resultMark(outcome, true);
  return html`${mark}${because !== undefined && html`<br><span class="quiet">${because}</span>`}`;
}

function speed(comparison: Comparison): Markup {
  const lines = slowerLines(comparison);
  return html`<section id="speed" aria-labelledby="speed-title">
<h2 id="speed-title">Slower beyond noise</h2>
${lines.length === 0 ? html`<p>Nothing.</p>` : html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`}
<p class="quiet">${noiseRule}</p>
</section>`;
}

function environments({ environment }: Comparison, labels: readonly string[]): Markup {
  const differences = environment.filter(({ differs }) => differs);
  const same = environment.filter(({ differs }) => !differs);
  const rows = (some: typeof environment) =>
    some.map(({ name, values }) => [name, ...values.map((value) => value ?? 'unknown')]);
  return html`<section id="environments" aria-labelledby="environments-title">
<h2 id="environments-title">Environments</h2>
${
  differences.length === 0
    ? html`<p class="lead">No difference.</p>`
    : table('What differs', ['', ...labels], rows(differences))
}
${same.length > 0 && html`<details><summary>What is the same: ${same.length} facts</summary>${table('What is the same', ['', ...labels], rows(same))}</details>`}
</section>`;
}

type Text = Markup | string;

function table(
  caption: string,
  [corner = '', ...heads]: readonly Text[],
  rows: readonly (readonly Text[])[],
  wide = false,
): Markup {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${`Table: ${caption}`}"><table class="${wide || heads.length > 3 ? 'side-by-side wide' : 'side-by-side'}">
<caption>${caption}</caption>
<thead><tr><th scope="col">${corner === '' ? html`<span class="unseen">what</span>` : corner}</th>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows.map(([name = '', ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div>`;
}
