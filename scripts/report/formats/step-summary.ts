import { duration } from '../../../clusters/text/duration.ts';
import { plainText } from '../../../clusters/text/redact.ts';
import { placeAmong } from '../../../specs/runner/place.ts';
import { wholeMessage } from '../../../specs/runner/spec-failure.ts';
import { countsInWords, outcomeWords, plainCounts, shareOf } from '../model/counts.ts';
import { environmentProperties } from '../model/environment.ts';
import { slowest } from '../model/figures.ts';
import { leftOverLines } from '../model/kind-of-cluster.ts';
import type { LocalVolumeConformanceReport, ReportedPart, ReportedRequirement } from '../model/report.ts';
import { knownIssueLine } from '../model/requirements.ts';

/** GitHub drops a larger summary as a whole (bytes per step); a little is kept for other writers of the same step. */
export const mostBytes = 1_000 * 1024;
const slowestShown = 10;

/** Something that failed: a requirement, a step, or the rest of the run. */
interface Failure {
  title: string;
  message: string;
  /** What the reader may unfold beside the message. */
  more?: string;
  file?: string;
  line?: number | undefined;
}

/** Steps first, because what follows a failed one says little; then what failed outside of specs, then the specs. */
export function failuresOf({ steps, outside, requirements }: LocalVolumeConformanceReport): Failure[] {
  return [
    ...steps
      .filter(({ outcome }) => outcome === 'failed')
      .map(({ title, message = '' }): Failure => ({ title, message })),
    ...outside.map(({ id, title, message }): Failure => ({ title: `${id} ${title}`, message })),
    ...requirements.filter(({ result }) => result === 'failed').map(failureOf),
  ];
}

/** Returns a failure with the place in the spec's file that it came from, or else with that of the spec. */
function failureOf({ id, sentence, file, line, failure, evidence }: ReportedRequirement): Failure {
  const { frames = [], diagnosis } = failure ?? {};
  const message = failure === undefined ? '' : wholeMessage(failure);
  const place = placeAmong(frames, file)
    ?.slice(file.length + 1)
    .split(':')[0];
  const more = [
    ...(diagnosis === undefined ? [] : [diagnosis]),
    ...frames,
    ...evidence.map((path) => `evidence: ${path}`),
  ];
  return {
    title: `${id} ${sentence}`,
    message,
    more: more.join('\n'),
    file,
    line: place === undefined ? line : Number(place),
  };
}

/** Returns the report as Markdown, worst first, cut to what GitHub takes. */
export function stepSummary(report: LocalVolumeConformanceReport, limit = mostBytes): string {
  const { result, verdict, statistics, milliseconds, retries, leaks, requirements } = report;
  const mark = { success: '✓', partial: '✓', failure: '✗' }[result];
  const facts = [countsInWords(statistics), duration(milliseconds)];
  if (retries.length > 0) facts.push(`steps tried again: ${retries.length}`);
  if (leaks.length > 0) facts.push(`left behind: ${leaks.length}`);
  if (!report.complete) facts.push(`a part of the catalogue: ${requirements.length} of ${report.catalogue}`);
  const shares = report.subjects.map((subject) => `- ${shareOf(subject)}`);
  const head = [
    `### ${mark} ${markdownText(verdict)}`,
    '',
    ...shares,
    '',
    facts.join(' · '),
    '',
    ...chapters(report),
    '',
    ...tiersTable(report),
  ];
  const tail = ['', ...slowestTable(requirements), '', ...environment(report), ''];
  const skips = requirements.filter(({ result }) => result === 'skipped' || result === 'notApplicable').map(skipLine);
  const issues = requirements.flatMap((requirement) => {
    const line = knownIssueLine(requirement);
    return line === undefined ? [] : [`- ${markdownText(`${requirement.id} ${line}`)}`];
  });
  const failures = failuresOf(report);

  const room = new Room(limit - bytesOf([...head, ...issues, ...tail]) - 300);
  const shown = room.fit(failures.map(details), failures.map(withoutMore), failures.map(titleOnly));
  const shownSkips = room.fit(skips);
  return [
    ...head,
    ...shown,
    ...more(failures.length - shown.length, 'failures'),
    ...(issues.length > 0 ? ['', ...folded(`known issues of Kubernetes: ${issues.length}`, issues)] : []),
    ...(shownSkips.length > 0 ? ['', ...folded(`skipped: ${skips.length}`, shownSkips)] : []),
    ...more(skips.length - shownSkips.length, 'skipped'),
    ...tail,
  ].join('\n');
}

/** Counts bytes down. */
class Room {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /**
   * As many of the parts, from the first, as there is room for. `shorter` has each part in shorter versions: a part
   * gets the longest version that leaves room for the shortest of all parts after it.
   */
  fit(parts: readonly string[], ...shorter: (readonly string[])[]): string[] {
    const versions = [parts, ...shorter];
    const shortest = versions.at(-1) ?? parts;
    let reserved = bytesOf(shortest);
    const fitting: string[] = [];
    for (const index of parts.keys()) {
      reserved -= bytesOf([shortest[index] ?? '']);
      const candidates = versions.flatMap((version) => version[index] ?? []);
      const fits = (keep: number) => candidates.find((part) => bytesOf([part]) <= this.#left - keep);
      const part = fits(reserved) ?? fits(0);
      if (part === undefined) break;
      this.#left -= bytesOf([part]);
      fitting.push(part);
    }
    return fitting;
  }
}

function bytesOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
}

function more(count: number, what: string): string[] {
  return count > 0 ? ['', `${count} more ${what}; report.yaml has all of them.`] : [];
}

function chapters({ profiles, statistics }: LocalVolumeConformanceReport): string[] {
  if (profiles.length === 0) return [];
  const rows = profiles.map(
    ({ name, core, extended }) => `| ${markdownText(name)} | ${cell(core)} | ${cell(extended)} |`,
  );
  const { passed, failed, knownIssue, skipped } = statistics;
  const all = `${passed} of ${passed + failed + knownIssue + skipped}`;
  return [
    '| chapter | core | extended |',
    '|---|---|---|',
    ...rows,
    ...(profiles.length > 1 ? [`| all | ${all} | |`] : []),
  ];
}

/** Returns what specs ask of a cluster × how they ended; nothing where all asked for the same. */
function tiersTable({ tiers = [] }: LocalVolumeConformanceReport): string[] {
  if (tiers.length < 2) return [];
  const rows = tiers.map(({ name, statistics }) => {
    const { passed, failed, skipped } = plainCounts(statistics);
    return `| ${name} | ${passed} | ${failed > 0 ? `**${failed}**` : 0} | ${skipped} |`;
  });
  return ['| need | passed | failed | skipped |', '|---|---:|---:|---:|', ...rows, ''];
}

function cell(part: ReportedPart | undefined): string {
  if (!part) return '';
  const { passed, failed, knownIssue, skipped, notApplicable } = part.statistics;
  const counts = [
    `${passed} passed`,
    failed > 0 && `**${failed} failed**`,
    knownIssue > 0 && `${knownIssue} known issue${knownIssue === 1 ? '' : 's'}`,
    skipped > 0 && `${skipped} skipped`,
    notApplicable > 0 && `${notApplicable} not applicable`,
  ];
  return `${failed > 0 ? '✗' : passed > 0 ? '✓' : '-'} ${counts.filter(Boolean).join(', ')}`;
}

function details({ title, message, more: text = '' }: Failure): string {
  const both = text === '' ? message : `${message}\n\n${text}`;
  return `<details><summary>✗ ${htmlText(title)}</summary>\n\n<pre>${htmlText(both)}</pre>\n\n</details>`;
}

function withoutMore({ title, message }: Failure): string {
  return details({ title, message });
}

function titleOnly({ title }: Failure): string {
  return `\n✗ ${markdownText(title)}`;
}

function skipLine({ id, sentence, result, reason = '' }: ReportedRequirement): string {
  const why = result === 'notApplicable' ? `${outcomeWords[result]}: ${reason}` : reason;
  return `- ${markdownText(`${id} ${sentence} (${why})`)}`;
}

function slowestTable(requirements: readonly ReportedRequirement[]): string[] {
  const order = slowest(requirements, slowestShown);
  if (order.length === 0) return [];
  const rows = order.map(
    ({ id, sentence, milliseconds: time }) => `| ${duration(time)} | ${markdownText(`${id} ${sentence}`)} |`,
  );
  return folded('slowest', ['| time | requirement |', '|---:|---|', ...rows]);
}

function folded(title: string, lines: readonly string[]): string[] {
  return [`<details><summary>${title}</summary>`, '', ...lines, '', '</details>'];
}

function environment(report: LocalVolumeConformanceReport): string[] {
  const facts = Object.entries(environmentProperties(report)).map(([name, value]) => `- ${name}: ${codeSpan(value)}`);
  const commands = report.reproduce.map(htmlText).join('\n');
  facts.push(...leftOverLines(report.leftOvers).map((line) => `- left-overs: ${markdownText(line)}`));
  return [...facts, ...(commands === '' ? [] : ['', `<pre>${commands}</pre>`])];
}

function htmlText(text: string): string {
  return plainText(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Text for one line of Markdown: no cell ends, line ends, markup or mentions come from it. */
function markdownText(text: string): string {
  return htmlText(text)
    .replace(/[\\`*_{}[\]#|~]/g, (character) => `\\${character}`)
    .replaceAll('@', '&#64;')
    .replace(/\s*\n\s*/g, ' ');
}

function codeSpan(text: string): string {
  return `<code>${htmlText(text).replaceAll('\n', ' ')}</code>`;
}
