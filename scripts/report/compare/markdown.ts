import { capital } from '../../../clusters/text/capital.ts';
import { plainText } from '../../../clusters/text/redact.ts';
import type { Cell, Comparison } from './compare.ts';
import type { Outcome } from './outcome.ts';
import { columnRows, conclusionOf, type Group, groupsOf, noiseRule, outcomeWords, slowerLines } from './wording.ts';

const signs: Partial<Record<Outcome, string>> = { passed: '✓ ', failed: '✗ ', skipped: '– ' };

/** Returns a comparison as Markdown, in the manner of GitHub. */
export function comparisonAsMarkdown(comparison: Comparison): string {
  const { columns, environment, notes, same } = comparison;
  const labels = columns.map(({ label }) => label);
  const slower = slowerLines(comparison);
  const differences = environment.filter(({ differs }) => differs);
  return [
    `# Local volume conformance: ${labels.map(inline).join(' and ')}`,
    '',
    `**${capital(conclusionOf(comparison))}.** The baseline is ${inline(labels[0] ?? '')}.`,
    '',
    ...table(
      ['', ...labels],
      columnRows(columns).map(([name, values]) => [name, ...values]),
    ),
    ...notes.flatMap((note) => ['', `> ${inline(note)}`]),
    ...groupsOf(comparison).flatMap((group) => ['', ...groupLines(group, labels)]),
    '',
    `Same result in all: ${same}.`,
    '',
    '## Slower beyond noise',
    '',
    ...(slower.length === 0 ? ['Nothing.'] : slower.map((line) => `- ${inline(line)}`)),
    '',
    noiseRule,
    '',
    '## Environments',
    '',
    ...(differences.length === 0
      ? ['No difference.']
      : table(
          ['', ...labels],
          differences.map(({ name, values }) => [name, ...values.map((value) => value ?? 'unknown')]),
        )),
    '',
  ].join('\n');
}

function groupLines({ title, meaning, requirements }: Group, labels: readonly string[]): string[] {
  return [
    `## ${title}: ${requirements.length}`,
    '',
    `${capital(meaning)}.`,
    '',
    ...table(
      ['requirement', ...labels],
      requirements.map(({ id, level, sentence, cells }) => [`${id} (${level}): ${sentence}`, ...cells.map(cellText)]),
    ),
  ];
}

function cellText({ outcome, because }: Cell): string {
  const result = `${signs[outcome] ?? ''}${outcomeWords[outcome]}`;
  return because === undefined ? result : `${result}: ${shortened(because)}`;
}

const longest = 200;

function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(inline).join(' | ')} |`;
  return [line(heads), `|${' --- |'.repeat(heads.length)}`, ...rows.map(line)];
}

/** Text in a line or a cell: one line, with nothing that Markdown or HTML would take for its own. */
function inline(text: string): string {
  return plainText(text)
    .replace(/\s+/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*_[\]|~#@]/g, (character) => `&#${character.codePointAt(0)};`);
}
