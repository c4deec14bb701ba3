import { writeAtomically } from '../../../clusters/host/write-atomically.ts';
import { capital } from '../../../clusters/text/capital.ts';
import { grouped, median } from '../../../clusters/text/collections.ts';
import { html } from '../../../clusters/text/markup.ts';
import { readPageParts, renderPage } from '../../report/formats/html/page.ts';
import { aligned, markdownRow } from '../../soak/tables.ts';
import { loadText } from '../cells.ts';
import { cpuPerClaim } from './growth.ts';
import { finishedCells, type MeasuredCell, type Storm, type StormCell } from './storm-file.ts';
import { inSeconds } from './table.ts';

/** A figure of a load in one storm: the median of its rounds, and the least and the most of them. */
interface Spread {
  median: number;
  least: number;
  most: number;
  rounds: number;
}

/** A figure of a load in each storm; undefined where it was not measured. */
export interface ComparedFigure {
  name: string;
  values: readonly (Spread | undefined)[];
  /** Whether another storm's rounds are all on one side of all those of the baseline, and there are three of each. */
  differs: boolean;
}

/** A load in each storm. The first is the baseline. */
export interface ComparedLoad {
  load: string;
  /** How it ended, the worst of its rounds; undefined where the storm has no such load. */
  outcomes: readonly (StormCell['outcome'] | undefined)[];
  figures: readonly ComparedFigure[];
}

/** Two or more storms side by side; the first is the baseline. */
export interface StormComparison {
  labels: readonly string[];
  loads: readonly ComparedLoad[];
  /** Whether a load held in the baseline, and did not hold or was not finished in another. */
  worse: boolean;
  /** Whether a storm has no load in common with the baseline that both have measured. */
  apart: boolean;
}

/** What storms are compared by. */
const figures: readonly {
  name: string;
  of: (cell: MeasuredCell) => number | undefined;
  text: (value: number) => string;
}[] = [
  { name: 'bound p50', of: ({ measured }) => measured.bound.p50, text: (ms) => `${inSeconds(ms)} s` },
  { name: 'bound p99', of: ({ measured }) => measured.bound.p99, text: (ms) => `${inSeconds(ms)} s` },
  { name: 'scheduled p99', of: ({ measured }) => measured.scheduled.p99, text: (ms) => `${inSeconds(ms)} s` },
  { name: 'bound a second', of: ({ measured }) => measured.boundPerSecond, text: (value) => value.toFixed(1) },
  {
    name: 'CPU of kube-scheduler a pod',
    of: (cell) => cpuPerClaim(cell, 'kube-scheduler'),
    text: (ms) => `${ms.toFixed(1)} ms`,
  },
  {
    name: 'CPU of kube-controller-manager a claim',
    of: (cell) => cpuPerClaim(cell, 'kube-controller-manager'),
    text: (ms) => `${ms.toFixed(1)} ms`,
  },
];

const fromGoodToBad = ['held', 'skipped', 'unfinished', 'violated'] as const;

/** Rounds of which the least and the most say how a figure varies. */
const enoughRounds = 3;

/** Compares storms with the first of them: cells of the same load, whatever the minor, the tree or the limits. Pure. */
export function compareStorms(storms: readonly Storm[]): StormComparison {
  const byLoad = storms.map((storm) => grouped(storm.cells, loadText));
  const names = [...new Set(byLoad.flatMap((loads) => [...loads.keys()]))];
  const loads = names.map((load): ComparedLoad => {
    const each = byLoad.map((all) => all.get(load) ?? []);
    return {
      load,
      outcomes: each.map((cells) =>
        cells.length === 0
          ? undefined
          : fromGoodToBad.findLast((outcome) => cells.some((cell) => cell.outcome === outcome)),
      ),
      figures: figures.map(({ name, of }) => {
        const values = each.map((cells) => spreadOf(finishedCells({ cells }).flatMap((cell) => of(cell) ?? [])));
        return { name, values, differs: values.slice(1).some((value) => areApart(values[0], value)) };
      }),
    };
  });
  const others = storms.map((_, index) => index).slice(1);
  return {
    labels: labelsOf(storms),
    loads,
    worse: loads.some(
      ({ outcomes: [baseline, ...rest] }) =>
        baseline === 'held' && rest.some((outcome) => outcome === 'violated' || outcome === 'unfinished'),
    ),
    apart: others.some((index) =>
      loads.every(({ outcomes }) => !wasMeasured(outcomes[0]) || !wasMeasured(outcomes[index])),
    ),
  };
}

function wasMeasured(outcome: StormCell['outcome'] | undefined): boolean {
  return outcome !== undefined && outcome !== 'skipped';
}

function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return { median: median(values), least: Math.min(...values), most: Math.max(...values), rounds: values.length };
}

function areApart(one: Spread | undefined, other: Spread | undefined): boolean {
  if (!one || !other || one.rounds < enoughRounds || other.rounds < enoughRounds) return false;
  return one.least > other.most || one.most < other.least;
}

/** Returns what tells storms apart: the version, and the limits or the run where that is the same. */
function labelsOf(storms: readonly Storm[]): string[] {
  const versions = storms.map(({ environment }) => environment.kubernetes);
  const limits = storms.map(({ environment }) => environment.limits);
  const differ = (values: readonly string[]) => new Set(values).size > 1;
  const labels = storms.map((_, index) =>
    [versions[index], ...(differ(limits) ? [`${limits[index]} limits`] : [])].join(', '),
  );
  return new Set(labels).size === storms.length
    ? labels
    : labels.map((label, index) => `${label}, ${storms[index]?.run}`);
}

/** Returns the comparison in one sentence. */
export function conclusionOf({ worse, apart, loads }: StormComparison): string {
  if (apart) return 'nothing can be compared: a storm has no load that the first has measured too';
  if (worse) return 'worse: a load that held in the first storm does not hold in another, or was not finished';
  const different = loads.flatMap(({ load, figures: all }) =>
    all.filter(({ differs }) => differs).map(({ name }) => `${name} of ${load}`),
  );
  return different.length === 0
    ? 'every invariant that held still holds; no figure is known to differ'
    : `every invariant that held still holds; beyond the spread of rounds differ: ${different.join('; ')}`;
}

/** How a difference is judged; stands below every comparison. */
const rule = `Each figure is the median of its rounds, with the least and the most of them. It differs where all rounds of one storm are on one side of all of the other, and there are ${enoughRounds} or more of each (lpv storm --repeat).`;

function rowsOf({ loads }: StormComparison): string[][] {
  return loads.flatMap(({ load, outcomes, figures: all }) => [
    [load, ...outcomes.map((outcome) => outcome ?? 'not in it')],
    ...(all.some(comparable) ? all : []).map(({ name, values, differs }, index) => [
      `  ${name}${differs ? ' (differs)' : ''}`,
      ...values.map((value, column) =>
        valueText(value, figures[index]?.text ?? String, column === 0 ? undefined : values[0]),
      ),
    ]),
  ]);
}

/** Whether more than one storm has measured a figure. */
function comparable({ values }: ComparedFigure): boolean {
  return values.filter((value) => value !== undefined).length > 1;
}

function valueText(value: Spread | undefined, text: (value: number) => string, baseline: Spread | undefined): string {
  if (!value) return '–';
  const spread = value.rounds > 1 ? ` (${text(value.least)} to ${text(value.most)})` : '';
  const share = baseline && baseline.median > 0 ? 100 * (value.median / baseline.median - 1) : undefined;
  const change = share === undefined ? '' : `, ${share < 0 ? '−' : '+'}${Math.abs(share).toFixed(0)} %`;
  return `${text(value.median)}${spread}${change}`;
}

/** Returns the comparison as lines for the terminal. */
export function comparisonAsText(comparison: StormComparison): string {
  const conclusion = ` ${comparison.worse || comparison.apart ? '✗' : '✓'} ${conclusionOf(comparison)}`;
  return [...aligned([['', ...comparison.labels], ...rowsOf(comparison)]), '', rule, '', conclusion, ''].join('\n');
}

/** Writes the comparison as Markdown. */
export function writeStormMarkdown(file: string, comparison: StormComparison): void {
  const heads = ['', ...comparison.labels];
  const lines = [
    '# Claim storms compared',
    '',
    `${conclusionOf(comparison)}.`,
    '',
    markdownRow(heads),
    markdownRow(heads.map(() => '---')),
    ...rowsOf(comparison).map((cells) => markdownRow(cells.map((cell) => cell.trim()))),
    '',
    rule,
    '',
  ];
  writeAtomically(file, lines.join('\n'));
}

/** Writes the comparison as a page that loads nothing. */
export async function writeStormHtml(file: string, comparison: StormComparison): Promise<void> {
  const good = !comparison.worse && !comparison.apart;
  const conclusion = conclusionOf(comparison);
  const page = renderPage(
    {
      title: `Claim storms: ${comparison.labels.join(' and ')}`,
      mark: good ? 'passed' : 'failed',
      sections: [{ id: 'loads', title: 'Loads' }],
      content: html`<section id="loads" aria-labelledby="loads-title">
<p class="over">${comparison.labels.join(' and ')}, compared with ${comparison.labels[0]}</p>
<h1 id="loads-title">${capital(conclusion)}</h1>
<div class="scroll" tabindex="0" role="group" aria-label="Table of the loads"><table class="side-by-side wide">
<caption>${rule}</caption>
<thead><tr><th scope="col"><span class="unseen">what</span></th>${comparison.labels.map((label) => html`<th scope="col">${label}</th>`)}</tr></thead>
<tbody>${rowsOf(comparison).map(([name = '', ...cells]) => html`<tr><th scope="row">${name.trim()}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div>
</section>`,
      maker: 'Made by local-pv-conformance from storm.yaml files. This page loads nothing.',
    },
    await readPageParts(),
  );
  writeAtomically(file, page);
}
