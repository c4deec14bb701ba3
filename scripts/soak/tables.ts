import { capital } from '../../clusters/text/capital.ts';
import type { Drift, FailureRate, SoakFigures } from './figures.ts';

type Table = readonly (readonly string[])[];

/** Texts about the runs of a soak: sentences, and tables whose first row is the heading. */
interface Section {
  title: string;
  lines: readonly string[];
  table?: Table;
}

/** How the bounds are made; stands below every table that has some. */
const method =
  'bounds: 95 % confidence interval after Wilson. A figure grows where its slope, by least squares over the rounds, is above nothing by more than three standard errors.';

/** Returns the figures as lines of text with aligned columns. */
export function figuresAsText(figures: SoakFigures): string {
  return sectionsOf(figures)
    .map(({ title, lines, table }) => [title, ...lines, ...(table ? aligned(table) : [])].join('\n   '))
    .concat(method)
    .join('\n\n   ');
}

/** Returns the figures as a page of Markdown. */
export function figuresAsMarkdown(figures: SoakFigures): string {
  const drawn = ([head = [], ...rows]: Table) => [
    '',
    markdownRow(head),
    markdownRow(head.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...rows.map(markdownRow),
  ];
  return [
    `# ${figures.runs} runs in a row`,
    ...sectionsOf(figures).flatMap(({ title, lines, table }) => [
      '',
      `## ${title}`,
      ...lines.flatMap((line) => ['', line]),
      ...(table ? drawn(table) : []),
    ]),
    '',
    capital(method),
    '',
  ].join('\n');
}

/** Returns a row of a table in Markdown. */
export function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function sectionsOf(figures: SoakFigures): Section[] {
  const { runs, conforming, flaky, refuted, requirements, boundOfOne, all, leaks, drifts, retries } = figures;
  const failures = [...refuted, ...flaky];
  const never = requirements - failures.length;
  return [
    {
      title: `${conforming} of ${runs} runs conform`,
      lines: [
        ...(all ? [`${all.failed} of ${all.runs} specs failed: ${share(all)}`] : []),
        ...(boundOfOne
          ? [`${never} requirements never failed: each fails in at most ${percent(boundOfOne.high)} of runs`]
          : []),
        `${retries} steps of the infrastructure were tried again`,
      ],
    },
    failures.length === 0
      ? { title: requirements === 0 ? 'No requirement was shown' : 'No requirement failed', lines: [] }
      : {
          title: `${flaky.length} requirements are flaky, ${refuted.length} failed each time`,
          lines: [],
          table: [
            ['requirement', 'failed', 'runs', 'share'],
            ...failures.map((rate) => [rate.id, String(rate.failed), String(rate.runs), share(rate)]),
          ],
        },
    { title: leaks.length === 0 ? 'Nothing was left behind' : `Left behind: ${leaks.length}`, lines: leaks },
    {
      title: 'What grew from round to round',
      lines: [],
      table: [['figure', 'first', 'last', 'slope a round', ''], ...drifts.map(driftRow)],
    },
  ];
}

function driftRow({ figure, unit, first, last, trend, grows }: Drift): string[] {
  const withUnit = (value: number) => `${value.toFixed(unit === '' ? 0 : 1)}${unit && ` ${unit}`}`;
  const slope = trend === undefined ? 'too few rounds' : `${signed(trend.slope)} ± ${trend.error.toFixed(2)}`;
  return [figure, withUnit(first), withUnit(last), slope, grows ? 'grows' : ''];
}

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;

function share({ failed, runs, bounds }: FailureRate): string {
  return `${percent(failed / runs)} (${percent(bounds.low)} to ${percent(bounds.high)})`;
}

/** Returns a share in percent, with two digits that count where it is small. */
export function percent(part: number): string {
  const value = 100 * part;
  return `${value === 0 || value === 100 ? value : value < 1 ? Number(value.toPrecision(2)) : value.toFixed(1)} %`;
}

/** Returns the rows of a table as lines: the first column begins, the others end at the same place. */
export function aligned(table: Table): string[] {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  return table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
