import { html, type Markup } from '../../../clusters/text/markup.ts';
import { matching, type Requirements } from './defect.ts';
import type { Judged, Results, Verdict } from './results.ts';

/** What the suite has found out, as JSON has it. */
export interface Table {
  kubernetes: string;
  counts: Record<Verdict, number>;
  defects: {
    name: string;
    breaks: string;
    verdict: Verdict;
    caughtBy: readonly string[];
    /** Patterns of `caughtBy` of which no requirement turned red. */
    missed: readonly string[];
    red: { id: string; message: string }[];
    seconds: number;
    error?: string;
  }[];
  /** Requirements that a defect has turned red, of those that are judged, and those of them that it names. */
  requirements: {
    red: string[];
    redByName: string[];
    neverRed: string[];
    redWithoutDefect: { id: string; message: string }[];
  };
}

/** Returns the table of defects and requirements. `judgeable` are the requirements that should be seen red. */
export function tableOf(judged: readonly Judged[], { kubernetes, control }: Results, judgeable: Requirements): Table {
  const counts: Record<Verdict, number> = { caught: 0, 'caught by others': 0, survived: 0, 'not judged': 0 };
  for (const { verdict } of judged) counts[verdict] += 1;
  const red = new Set(judged.flatMap((one) => one.red.map(({ id }) => id)));
  const defects = judged.map(({ defect, verdict, missed, seconds, error, ...one }) => ({
    name: defect.name,
    breaks: defect.breaks,
    verdict,
    caughtBy: defect.caughtBy,
    missed,
    red: one.red.map(({ id, message = '' }) => ({ id, message })),
    seconds: Math.round(seconds),
    ...(error !== undefined && { error }),
  }));
  const byName = new Set(defects.flatMap((one) => one.red.filter(({ id }) => named(one, id)).map(({ id }) => id)));
  return {
    kubernetes,
    counts,
    defects,
    requirements: {
      red: judgeable.filter(({ id }) => red.has(id)).map(({ id }) => id),
      redByName: judgeable.filter(({ id }) => byName.has(id)).map(({ id }) => id),
      neverRed: judgeable.filter(({ id }) => !red.has(id)).map(({ id }) => id),
      redWithoutDefect: Object.values(control)
        .filter(({ outcome }) => outcome === 'red')
        .map(({ id, message = '' }) => ({ id, message })),
    },
  };
}

/** Returns the sentence that sums a table up. */
export function inOneSentence({ counts, defects, requirements }: Table): string {
  const all = requirements.red.length + requirements.neverRed.length;
  const others = (['caught by others', 'survived', 'not judged'] as const)
    .filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${verdict}`);
  return `${[`${counts.caught} of ${defects.length} defects caught by the requirements that name them`, ...others].join(', ')}; ${requirements.red.length} of ${all} requirements seen red, ${requirements.redByName.length} of them by a defect that names them`;
}

/** Returns whether a requirement is one of those that a defect must turn red. */
const named = ({ caughtBy }: Table['defects'][number], id: string): boolean =>
  caughtBy.some((pattern) => matching(pattern, [{ id, chapter: '' }]).length > 0);

/** Returns the table as a page of the documentation. */
export function asMarkdown(table: Table): string {
  const { kubernetes, defects, requirements } = table;
  const rows = defects.map((one) => {
    const ids = one.red.map(({ id }) => (named(one, id) ? `**${id}**` : id));
    const missed = one.missed.map((id) => `~~${cell(id)}~~`);
    return `| ${cell(one.name)} | ${cell(one.breaks)} | ${one.verdict} | ${[...ids, ...missed].join(' ')} |`;
  });
  return [
    '# Defects, and the requirements that see them',
    '',
    `Written by \`npm run test:sabotage\` on Kubernetes ${kubernetes}: ${inOneSentence(table)}.`,
    '',
    'Bold: a requirement that names what is broken, and turned red. Struck out: one that names it, and did not.',
    '',
    '| defect | what it breaks | verdict | requirements that turned red |',
    '| ------ | -------------- | ------- | ---------------------------- |',
    ...rows,
    '',
    '## What they said',
    '',
    'In italics: a defect that names other requirements, where none that names this one has turned it red.',
    '',
    '| requirement | under the defect | the first line of its error |',
    '| ----------- | ---------------- | --------------------------- |',
    ...whatTheySaid(table).map(
      ({ id, defect, message, names }) => `| ${id} | ${names ? defect : `_${defect}_`} | ${cell(message)} |`,
    ),
    '',
    '## Requirements that no defect has turned red',
    '',
    requirements.neverRed.length === 0 ? 'None.' : requirements.neverRed.join(', '),
    '',
    ...(requirements.redWithoutDefect.length === 0
      ? []
      : [
          '## Requirements that are red without any defect',
          '',
          ...requirements.redWithoutDefect.map(({ id, message }) => `- ${id}: ${message}`),
          '',
        ]),
  ].join('\n');
}

/** For each requirement that a defect has turned red: one defect, a naming one where there is one, and its error. */
function whatTheySaid({ defects }: Table): { id: string; defect: string; message: string; names: boolean }[] {
  const said = new Map<string, { id: string; defect: string; message: string; names: boolean }>();
  for (const one of defects) {
    for (const { id, message } of one.red) {
      const names = named(one, id);
      const known = said.get(id);
      if (known === undefined || (names && !known.names)) said.set(id, { id, defect: one.name, message, names });
    }
  }
  return [...said.values()].sort((a, b) => a.id.localeCompare(b.id));
}

const cell = (text: string): string =>
  text
    .replace(/[|\\]/g, '\\$&')
    .replace(/[<>*_]/g, '\\$&')
    .replaceAll('\n', ' ');

/** Returns the matrix of requirements and defects as a page of its own. */
export function asHtml(table: Table): string {
  const { kubernetes, defects, requirements } = table;
  const ids = [...new Set(defects.flatMap(({ red }) => red.map(({ id }) => id)))].sort();
  const mark = (one: Table['defects'][number], id: string): Markup => {
    const found = one.red.find((each) => each.id === id);
    if (!found) return html`<td></td>`;
    return html`<td class="${named(one, id) ? 'named' : 'other'}" title="${`${id}, ${one.name}: ${found.message}`}">●</td>`;
  };
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Defects and requirements</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff }
table { border-collapse: collapse }
td, th { border: 1px solid #ddd; padding: 1px 4px; text-align: left; vertical-align: bottom }
thead th { position: sticky; top: 0; background: #fff }
thead th.id { writing-mode: vertical-rl; font-weight: normal; font-size: 11px }
tbody th { font-weight: normal; white-space: nowrap }
.named { color: #0a7d32 } .other { color: #b26a00 }
.caught { background: #e6f5ea } .survived { background: #fbe4e4 } .by-others { background: #fdf1de }
</style>
</head>
<body>
<h1>Defects, and the requirements that see them</h1>
<p>Kubernetes ${kubernetes}: ${inOneSentence(table)}.</p>
<p><span class="named">●</span> red, and names what is broken; <span class="other">●</span> red, and names something else.
A point shows the first line of the error.</p>
<table>
<thead><tr><th>defect</th><th>verdict</th>${ids.map((id) => html`<th class="id">${id}</th>`)}</tr></thead>
<tbody>
${defects.map(
  (one) =>
    html`<tr class="${one.verdict.replace('caught by others', 'by-others')}"><th title="${one.breaks}">${one.name}</th><td>${one.verdict}</td>${ids.map((id) => mark(one, id))}</tr>
`,
)}</tbody>
</table>
<h2>Requirements that no defect has turned red</h2>
<p>${requirements.neverRed.length === 0 ? 'None.' : requirements.neverRed.join(', ')}</p>
</body>
</html>
`);
}
