import { appendFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { messageOf } from '../../clusters/domain-error.ts';
import type { RunEvent, SpecResult } from '../run/events.ts';
import { duration } from './duration.ts';
import { placeIn } from './place.ts';
import {
  addEvent,
  countsInWords,
  countsOf,
  emptySummary,
  type FinishedAction,
  type SpecOutcome,
  type Summary,
} from './summary.ts';

/** GitHub drops a larger summary as a whole (bytes per step); a little is kept for other writers of the same step. */
const mostBytes = 1_000 * 1024;
/** GitHub shows this many annotations of a step. */
const mostAnnotations = 10;

export interface GithubOptions {
  /** The file that $GITHUB_STEP_SUMMARY names; without it no summary is written. */
  summaryFile: string | undefined;
  /** Writes workflow commands: GitHub reads them from standard output. */
  say: (line: string) => void;
  /** Names and values to show at the end of the summary. */
  properties: () => Readonly<Record<string, string>>;
}

/** Writes the step summary and the annotations when the run is finished. Subscribe it only within GitHub Actions. */
export function writeForGithub(options: GithubOptions): { read: (event: RunEvent) => void } {
  let summary = emptySummary;
  return {
    read: (event) => {
      summary = addEvent(summary, event);
      if (event.kind !== 'run-finished') return;
      for (const line of annotations(summary)) options.say(line);
      if (options.summaryFile) appendFileSync(options.summaryFile, stepSummary(summary, options.properties()));
    },
  };
}

/** One `::error` command for each failure, the first ten; the last one tells how many more there are. */
export function annotations(summary: Summary): string[] {
  const failures = [
    ...failedActions(summary).map(({ title, error }) => command({}, title, messageOf(error))),
    ...failedSpecs(summary).map(({ spec, result }) => {
      const [file, line] = placeOf(spec, result);
      return command({ file, line }, `${spec.id} ${spec.title}`, result.error.message);
    }),
  ];
  if (failures.length <= mostAnnotations) return failures;
  const shown = failures.slice(0, mostAnnotations - 1);
  const more = failures.length - shown.length;
  return [...shown, command({}, `${more} more failures`, 'The step summary and junit_01.xml have all of them.')];
}

/** The run as Markdown, worst first, cut to what GitHub takes. */
export function stepSummary(summary: Summary, properties: Readonly<Record<string, string>>, limit = mostBytes): string {
  const { finished, specs, retries } = summary;
  const mark = finished?.verdict === 'conforms' ? '✓' : '✗';
  const facts = [countsInWords(countsOf(summary)), finished && duration(finished.milliseconds)];
  if (retries > 0) facts.push(`steps tried again: ${retries}`);
  const head = [
    `### ${mark} ${markdownText(finished?.summary ?? 'not finished')}`,
    '',
    facts.filter(Boolean).join(' · '),
    '',
  ];
  const rows = [...specs].sort((a, b) => rank(a.result) - rank(b.result)).map(row);
  const table = rows.length > 0 ? ['| | spec | chapter | time |', '|---|---|---|---:|'] : [];
  const failures = [
    ...failedActions(summary).map(({ title, error }) => details(title, messageOf(error))),
    ...failedSpecs(summary).map(({ spec, result }) => details(`${spec.id} ${spec.title}`, result.error.message)),
  ];
  const tail = ['', ...Object.entries(properties).map(([name, value]) => `- ${name}: ${codeSpan(value)}`), ''];

  const room = new Room(limit - bytesOf([...head, ...table, ...tail]) - 200);
  // What failed is worth more than the full table, so its text gets its share of the room first.
  const shownFailures = room.fit(failures);
  const shownRows = room.fit(rows);
  return [
    ...head,
    ...table,
    ...shownRows,
    ...more(rows.length - shownRows.length, 'specs'),
    '',
    ...shownFailures,
    ...more(failures.length - shownFailures.length, 'failures'),
    ...tail,
  ].join('\n');
}

/** Counts bytes down. */
class Room {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** As many of the parts, from the first, as there is room for. */
  fit(parts: readonly string[]): string[] {
    const fitting: string[] = [];
    for (const part of parts) {
      const bytes = bytesOf([part]);
      if (bytes > this.#left) break;
      this.#left -= bytes;
      fitting.push(part);
    }
    return fitting;
  }
}

function bytesOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
}

function more(count: number, what: string): string[] {
  return count > 0 ? ['', `${count} more ${what}; junit_01.xml has all of them.`] : [];
}

function row({ spec, result }: SpecOutcome): string {
  const mark = { passed: '✓', failed: '✗', skipped: 'skipped' }[result.outcome];
  const reason = result.outcome === 'skipped' ? ` (${result.reason})` : '';
  const cells = [mark, `${spec.id} ${spec.title}${reason}`, spec.chapter, duration(result.milliseconds)];
  return `| ${cells.map(markdownText).join(' | ')} |`;
}

function details(title: string, text: string): string {
  return `<details><summary>✗ ${htmlText(title)}</summary>\n\n<pre>${htmlText(text)}</pre>\n\n</details>`;
}

function rank({ outcome }: SpecResult): number {
  return { failed: 0, skipped: 1, passed: 2 }[outcome];
}

type Failed = Extract<SpecResult, { outcome: 'failed' }>;

function failedSpecs(summary: Summary): { spec: SpecOutcome['spec']; result: Failed }[] {
  return summary.specs.flatMap(({ spec, result }) => (result.outcome === 'failed' ? [{ spec, result }] : []));
}

function failedActions(summary: Summary): FinishedAction[] {
  return summary.actions.filter(({ outcome }) => outcome === 'failed');
}

/** File and line to point at: where the failure came from in the spec's file, else where the spec stands. */
function placeOf(spec: SpecOutcome['spec'], { error }: Failed): [string | undefined, number | undefined] {
  const line = placeIn(error.stack, spec.file)
    ?.slice(spec.file.length + 1)
    .split(':')[0];
  return [spec.file || undefined, line === undefined ? spec.line : Number(line)];
}

/** A workflow command. Values end at a comma or colon and everything at a line end, so these are written as codes. */
function command(place: { file?: string | undefined; line?: number | undefined }, title: string, text: string): string {
  const properties = Object.entries({ ...place, title })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escaped(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`);
  return `::error ${properties.join(',')}::${escaped(stripVTControlCharacters(text))}`;
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function htmlText(text: string): string {
  return stripVTControlCharacters(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Text for one cell of a table: no cell ends, line ends, markup or mentions come from it. */
function markdownText(text: string): string {
  return htmlText(text)
    .replace(/[\\`*_{}[\]#|~]/g, (character) => `\\${character}`)
    .replaceAll('@', '&#64;')
    .replace(/\s*\n\s*/g, ' ');
}

function codeSpan(text: string): string {
  return `<code>${htmlText(text).replaceAll('\n', ' ')}</code>`;
}
