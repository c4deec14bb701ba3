import pc from 'picocolors';
import { messageOf } from '../../../clusters/errors/domain-error.ts';
import { duration } from '../../../clusters/text/duration.ts';
import { redactedText, withTexts } from '../../../clusters/text/redact.ts';
import type { RunEvent, SpecIdentity, SpecResult } from '../../../specs/runner/events.ts';
import { placeIn } from '../../../specs/runner/place.ts';
import { countsInWords, outcomeWords } from '../model/profiles.ts';
import { runFigures } from '../model/run-figures.ts';
import { addEvent, countsOf, emptySummary } from '../model/summary.ts';
import { failureExcerpt } from './failure-excerpt.ts';
import { LiveLine, type LiveOutput } from './live-line.ts';

export interface TerminalOptions {
  output: LiveOutput;
  /** Whether one line may be rewritten; if not, only whole lines are written. */
  live: boolean;
  color: boolean;
  /** What broke in other readers, for the end. Subscribe the terminal last, so that it hears of all of them. */
  readerErrors?: () => readonly unknown[];
  /** Monotonic milliseconds. */
  now?: () => number;
}

type Colors = ReturnType<typeof pc.createColors>;
type FailedResult = Extract<SpecResult, { outcome: 'failed' }>;

/** A spec that took longer is shown with its time. */
const slow = 5_000;
/** What has more lines below it has left the screen; logs of CI are often kept by their end only. */
const screen = 24;
/** Failures that are shown once more at the end. */
const againAtMost = 20;
const failureIndent = '      ';

/**
 * Returns whether to rewrite lines and to use colours: on a terminal, outside of CI, as NO_COLOR and FORCE_COLOR say.
 */
export function terminalCapabilities(
  output: { isTTY?: boolean },
  environment: NodeJS.ProcessEnv,
): { live: boolean; color: boolean } {
  const terminal = output.isTTY === true && environment.TERM !== 'dumb';
  const inCi = environment.CI !== undefined && environment.CI !== '' && environment.CI !== 'false';
  const forced = environment.FORCE_COLOR !== undefined && environment.FORCE_COLOR !== '0';
  return { live: terminal && !inCi, color: !environment.NO_COLOR && (forced || terminal) };
}

/**
 * Shows a run in the terminal: a line for each step and each spec, ten for a failure, the verdict at the end, and
 * above it the failures once more where one of them has left the screen since.
 */
export class Terminal implements Disposable {
  readonly #colors: Colors;
  readonly #line: LiveLine;
  readonly #live: boolean;
  readonly #readerErrors: () => readonly unknown[];
  /** Ids of the specs that are running. */
  readonly #running: string[] = [];
  #linesPrinted = 0;
  /** How many lines stand above the first failure, which is the first to leave the screen. */
  #aboveFirstFailure: number | undefined;
  #summary = emptySummary;

  constructor(options: TerminalOptions) {
    this.#colors = pc.createColors(options.color);
    this.#live = options.live;
    this.#line = new LiveLine(options.output, options.live, options.now);
    this.#readerErrors = options.readerErrors ?? (() => []);
  }

  /** The reader to subscribe. */
  readonly read = (event: RunEvent): void => {
    this.#summary = addEvent(this.#summary, event);
    switch (event.kind) {
      case 'action-started':
        if (!this.#live) this.#print(` • ${event.title}`);
        this.#line.begin(event.title);
        break;
      case 'action-noted':
        if (!this.#live) this.#print(`   ${this.#colors.dim(redactedText(event.text))}`);
        this.#line.note(redactedText(event.text));
        break;
      case 'action-retried':
        this.#print(`   ${this.#colors.yellow(`${event.step} failed, attempt ${event.attempt} follows`)}`);
        this.#print(indent(redactedText(event.reason), '     '));
        break;
      case 'action-finished':
        this.#line.end();
        this.#finished(event);
        break;
      case 'spec-started':
        this.#running.push(event.spec.id);
        this.#noteRunning();
        break;
      case 'spec-finished':
        this.#running.splice(this.#running.indexOf(event.spec.id), 1);
        this.#spec(event.spec, event.result);
        this.#noteRunning();
        break;
      case 'pods-started':
      case 'pod-traced':
      case 'cpu-steal-measured':
        break;
      case 'interrupted':
        this.#print(this.#colors.yellow(`${event.signal}: stopping and cleaning up`));
        break;
      case 'run-finished':
        this.#line.end();
        this.#end(event);
        break;
      case 'report-broken':
        this.#broken(event.part, event.error);
        break;
      case 'specs-planned':
        this.#planned(event);
        break;
      case 'run-started':
        break;
    }
  };

  [Symbol.dispose](): void {
    this.#line.end();
  }

  #finished(event: Extract<RunEvent, { kind: 'action-finished' }>): void {
    const time = this.#colors.dim(duration(event.milliseconds));
    this.#print(` ${event.outcome === 'done' ? this.#tick() : this.#cross()} ${event.title} ${time}`);
    if (event.outcome === 'failed') this.#print(indent(redactedText(messageOf(event.error)), '   '));
  }

  #planned({ count, seed, jobs }: Extract<RunEvent, { kind: 'specs-planned' }>): void {
    const title = `Running ${count} ${count === 1 ? 'spec' : 'specs'}`;
    const lanes = count === 1 ? '' : `, ${jobs} side by side`;
    this.#print(` • ${title}${lanes}, in the order of --seed ${seed}\n`);
    this.#line.begin(title);
  }

  #noteRunning(): void {
    this.#line.note(`${this.#summary.specs.length} done, running ${this.#running.join(' ')}`);
  }

  #spec(spec: SpecIdentity, result: SpecResult): void {
    const { outcome, milliseconds } = result;
    const time = milliseconds >= slow ? ` ${this.#colors.yellow(duration(milliseconds))}` : '';
    const name = `${this.#colors.bold(spec.id)} ${spec.sentence}`;
    if (outcome === 'passed') this.#print(`   ${this.#tick()} ${name}${time}`);
    if (outcome === 'skipped' || outcome === 'notApplicable') {
      this.#print(
        `   ${this.#colors.dim('-')} ${name} ${this.#colors.dim(`${outcomeWords[outcome]}: ${redactedText(result.reason)}`)}`,
      );
    }
    if (outcome === 'knownIssue') {
      const { url, instead } = result.issue;
      this.#print(`   ${this.#colors.yellow('!')} ${name} ${this.#colors.dim(`known issue: ${instead}: ${url}`)}`);
    }
    if (outcome === 'failed') {
      this.#aboveFirstFailure ??= this.#linesPrinted;
      this.#failure(spec, result, time);
    }
  }

  #failure(spec: SpecIdentity, { error, evidence }: FailedResult, time = ''): void {
    this.#print(`   ${this.#cross()} ${this.#colors.bold(spec.id)} ${spec.sentence}${time}`);
    const plain = withTexts(error, redactedText);
    // A wait that ends too late has no frame of its spec.
    const declared = spec.line === undefined ? undefined : `${spec.file}:${spec.line}`;
    const place = placeIn(error.stack, spec.file) ?? declared;
    const { folder } = this.#summary;
    for (const line of failureExcerpt({ error: plain, evidence }, { place, folder: folder || undefined })) {
      const isPlace = /^(?:at|all of it:) /.test(line);
      this.#print(failureIndent + (isPlace ? this.#colors.dim(line) : line));
    }
  }

  #failuresAgain(): void {
    const above = this.#aboveFirstFailure;
    if (above === undefined || this.#linesPrinted - above <= screen) return;
    const { seed, specs } = this.#summary;
    this.#print(`\n   failed${seed === undefined ? '' : this.#colors.dim(`, in the order of --seed ${seed}`)}`);
    const failures = specs.flatMap(({ spec, result }) => (result.outcome === 'failed' ? [{ spec, result }] : []));
    for (const { spec, result } of failures.slice(0, againAtMost)) this.#failure(spec, result);
    const more = failures.length - againAtMost;
    if (more > 0) this.#print(`   … and ${more} more, in the report`);
  }

  #end(event: Extract<RunEvent, { kind: 'run-finished' }>): void {
    const figures = runFigures(this.#summary);
    if (figures.length > 0) this.#print(`\n${indent(figures.join('\n'), '   ')}`);
    this.#failuresAgain();
    const holds = event.exitStatus === 'conforms';
    const words = holds ? this.#colors.green(event.verdict) : this.#colors.red(event.verdict);
    this.#print(`\n ${holds ? this.#tick() : this.#cross()} ${this.#colors.bold(words)}`);
    const { specs, planned, retries, folder } = this.#summary;
    const facts = [
      ...(planned === undefined && specs.length === 0 ? [] : [countsInWords(countsOf(this.#summary))]),
      ...(retries.length > 0 ? [`steps tried again: ${retries.length}`] : []),
      duration(event.milliseconds),
    ];
    this.#print(`   ${facts.join(' · ')}`);
    if (folder) this.#print(`   report: ${folder}`);
    for (const error of this.#readerErrors()) this.#broken('a part of the report', error);
  }

  #broken(part: string, error: unknown): void {
    const text = `${part} could not be written, which is a fault of the harness: ${redactedText(messageOf(error))}`;
    this.#print(this.#colors.yellow(indent(text, '   ')));
  }

  #tick(): string {
    return this.#colors.green('✓');
  }

  #cross(): string {
    return this.#colors.red('✗');
  }

  #print(text: string): void {
    this.#linesPrinted += text.split('\n').length;
    this.#line.above(text);
  }
}

function indent(text: string, by: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line ? by + line : ''))
    .join('\n');
}
