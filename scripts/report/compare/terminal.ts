import pc from 'picocolors';
import { plainText } from '../../../clusters/text/redact.ts';
import { wrap } from '../../../clusters/text/wrap.ts';
import type { Cell, ChangedRequirement, Comparison } from './compare.ts';
import { worse } from './outcome.ts';
import {
  columnRows,
  conclusionOf,
  type Group,
  groupsOf,
  noiseRule,
  outcomeWords,
  reasonsOf,
  slowerLines,
} from './wording.ts';

const pageWidth = 100;
const nameWidth = 20;
const widest = 30;

type Colors = ReturnType<typeof pc.createColors>;

/** Returns a comparison for the terminal, within 100 columns. */
export function comparisonForTerminal(comparison: Comparison, color: boolean): string {
  const colors = pc.createColors(color);
  const { columns, environment, notes, same } = comparison;
  const labels = columns.map(({ label }) => label);
  const differences = environment.filter(({ differs }) => differs);
  const slower = slowerLines(comparison);
  const conclusion = conclusionOf(comparison);
  return [
    ...table(['', ...labels], columnRows(columns), colors),
    ...groupsOf(comparison).flatMap((group) => [
      '',
      ...headLines(group, colors),
      // Of a stranger's cluster these may be half of the catalogue.
      ...(group.change === 'notCompared'
        ? reasonsOf(group).flatMap(([reason, ids]) => wrapped(`${ids.length}: ${reason}: ${ids.join(' ')}`, '  '))
        : group.requirements.flatMap((requirement) => requirementLines(requirement, labels, colors))),
    ]),
    '',
    `Same result in all: ${same}`,
    '',
    colors.bold(`Slower beyond noise: ${slower.length === 0 ? 'nothing' : slower.length}`),
    ...slower.flatMap((line) => wrapped(line, '  ')),
    ...wrapped(noiseRule, '  ').map((line) => colors.dim(line)),
    '',
    ...(differences.length === 0
      ? ['Environments: no difference']
      : [
          colors.bold(`Environments: ${differences.length} differences`),
          ...table(
            ['', ...labels],
            differences.map(({ name, values }) => [name, values.map((value) => value ?? 'unknown')]),
            colors,
          ),
        ]),
    ...(notes.length > 0
      ? ['', ...notes.flatMap((note) => wrapped(`! ${note}`, '').map((line) => colors.yellow(line)))]
      : []),
    '',
    ...wrapped(`${comparison.worse ? '✗' : '✓'} ${conclusion}`, ' ').map((line) =>
      colors.bold(comparison.worse ? colors.red(line) : colors.green(line)),
    ),
    '',
  ].join('\n');
}

function headLines({ title, meaning, requirements }: Group, colors: Colors): string[] {
  const head = `${title}: ${requirements.length}`;
  if (head.length + meaning.length + 3 <= pageWidth) return [`${colors.bold(head)} ${colors.dim(`(${meaning})`)}`];
  return [colors.bold(head), ...wrapped(`(${meaning})`, '  ').map((line) => colors.dim(line))];
}

/** Rows with a column per report; a value that is too wide for it goes on below. */
function table(
  [corner = '', ...heads]: readonly string[],
  rows: readonly (readonly [string, readonly string[]])[],
  colors: Colors,
): string[] {
  const room = Math.floor((pageWidth - nameWidth - 2) / heads.length) - 2;
  const width = Math.max(4, Math.min(widest, room));
  const line = (name: string, cells: readonly string[]) =>
    `  ${name.padEnd(nameWidth)}${cells.map((cell) => cell.padEnd(width + 2)).join('')}`.trimEnd();
  const folded = (name: string, values: readonly string[]) => {
    const parts = values.map((value) => wrap(plainText(value), width));
    const height = Math.max(...parts.map(({ length }) => length));
    return Array.from({ length: height }, (_, at) =>
      line(
        at === 0 ? name : '',
        parts.map((part) => part[at] ?? ''),
      ),
    );
  };
  return [
    ...folded(corner, heads).map((text) => colors.dim(text)),
    ...rows.flatMap(([name, values]) => folded(name, values)),
  ];
}

function requirementLines(
  { id, level, sentence, cells }: ChangedRequirement,
  labels: readonly string[],
  colors: Colors,
): string[] {
  return [
    `  ${colors.bold(id)} ${colors.dim(level)}`,
    ...wrapped(sentence, '    '),
    ...cells.flatMap((cell, index) => {
      const because = cell.because === undefined ? '' : `: ${cell.because}`;
      const [first = '', ...more] = wrapped(`${labels[index]} ${outcomeWords[cell.outcome]}${because}`, '      ');
      return [paint(first, cell, colors), ...more.map((line) => colors.dim(line))];
    }),
  ];
}

function paint(line: string, { outcome, change }: Cell, colors: Colors): string {
  if (change === 'regression' || outcome === 'failed') return colors.red(line);
  if (worse.has(change)) return colors.yellow(line);
  return change === 'same' ? colors.dim(line) : colors.green(line);
}

/** Returns the lines of a text, each indented, within the page. */
function wrapped(text: string, indent: string): string[] {
  return wrap(plainText(text), pageWidth, { lead: indent });
}
