import { randomUUID } from 'node:crypto';
import { appendFileSync, statSync } from 'node:fs';
import { plainText } from '../../../clusters/text/redact.ts';
import type { LocalVolumeConformanceReport } from '../model/report.ts';
import { failuresOf, mostBytes, stepSummary } from './step-summary.ts';

/** GitHub shows this many annotations of a step. */
const mostAnnotations = 10;

export interface GithubOptions {
  /** The file that $GITHUB_STEP_SUMMARY names; without it no summary is written. */
  summaryFile: string | undefined;
  /** The file that $GITHUB_OUTPUT names; without it the step gets no outputs. */
  outputFile: string | undefined;
  /** Absolute path of the report's folder. */
  folder: string;
  /** Writes workflow commands: GitHub reads them from standard output. */
  say: (line: string) => void;
}

/** Writes annotations, the step summary and the outputs of the step. For runs within GitHub Actions. */
export function writeForGithub(report: LocalVolumeConformanceReport, options: GithubOptions): void {
  const { summaryFile, outputFile, folder, say } = options;
  for (const line of annotations(report)) say(line);
  // Runs on several minors write into one summary.
  if (summaryFile) appendFileSync(summaryFile, stepSummary(report, mostBytes - bytesIn(summaryFile)));
  if (outputFile) appendFileSync(outputFile, stepOutputs(report, folder));
}

/** Returns the outputs of the step, a line each: what later steps may ask for. */
export function stepOutputs({ result, verdict, statistics }: LocalVolumeConformanceReport, folder: string): string {
  const { passed, failed, skipped } = statistics;
  const outputs = Object.entries({ result, verdict, passed, failed, skipped, report: folder });
  // A line end within a value would begin another output.
  return outputs.map(([name, value]) => `${name}=${String(value).replace(/[\r\n]+/g, ' ')}\n`).join('');
}

/**
 * Ends the workflow commands of this process's output until `resume` is called: a line of the cluster's that begins with
 * `::` is text, and no command to GitHub. Does nothing outside of GitHub Actions.
 */
export function stopCommands(environment: NodeJS.ProcessEnv, say: (line: string) => void): { resume(): void } {
  if (environment.GITHUB_ACTIONS !== 'true') return { resume() {} };
  // No other text may contain the word that resumes them.
  const token = randomUUID();
  say(`::stop-commands::${token}`);
  let stopped = true;
  return {
    resume() {
      if (stopped) say(`::${token}::`);
      stopped = false;
    },
  };
}

/** Adds Markdown to the step summary, or a line that says that there is no room left for it. */
export function addToSummary(summaryFile: string, markdown: string): void {
  const fits = bytesIn(summaryFile) + Buffer.byteLength(markdown) < mostBytes;
  appendFileSync(summaryFile, fits ? markdown : '\nThere is no room left for more here; the report folder has it.\n');
}

function bytesIn(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Returns one `::error` command for each failure, the first ten; the last one says how many more there are. */
export function annotations(report: LocalVolumeConformanceReport): string[] {
  const failures = failuresOf(report);
  const commands = failures.map(({ file, line, title, message }) => command({ file, line }, title, message));
  if (commands.length <= mostAnnotations) return commands;
  const shown = commands.slice(0, mostAnnotations - 1);
  const more = commands.length - shown.length;
  return [...shown, command({}, `${more} more failures`, 'The step summary and report.yaml have all of them.')];
}

/** A workflow command. Values end at a comma or colon and everything at a line end, so these are written as codes. */
function command(place: { file?: string | undefined; line?: number | undefined }, title: string, text: string): string {
  const properties = Object.entries({ ...place, title })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escaped(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`);
  return `::error ${properties.join(',')}::${escaped(plainText(text))}`;
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
