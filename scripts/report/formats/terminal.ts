import pc from 'picocolors';
import { messageOf } from '../../../clusters/errors/domain-error.ts';
import { grouped } from '../../../clusters/text/collections.ts';
import { duration } from '../../../clusters/text/duration.ts';
import { redactedText, withTexts } from '../../../clusters/text/redact.ts';
import type { RunEvent, SpecIdentity, SpecResult } from '../../../specs/runner/events.ts';
import { placeIn } from '../../../specs/runner/place.ts';
import { outcomeWords } from '../model/counts.ts';
import type { Ending } from '../model/ending.ts';
import type { LocalVolumeConformanceReport } from '../model/report.ts';
import { failureExcerpt } from './failure-excerpt.ts';
import { LiveLine, type LiveOutput } from './live-line.ts';
import { failuresAgain, figureLines, resultLines } from './run-end.ts';

export interface TerminalOptions {
  output: LiveOutput;
  /** Whether one line may be rewritten; if not, only whole lines are written. */
  live: boolean;
  color: boolean;
  /** What broke in other readers, for the end. Subscribe the terminal last, so that it hears of all of them. */
  readerErrors?: () => readonly unknown[];
  /** The folder of the report, where no event names it. */
  folder?: string;
  /** Monotonic milliseconds. */
  now?: () => number;
}

/** How a run ended. */
export interface RunEnd extends Ending {
  milliseconds: number;
  /** Absent for a verb that runs no specs, and where the report itself could not be made. */
  report?: LocalVolumeConformanceReport | undefined;
}

type Colors = ReturnType<typeof pc.createColors>;
type FailedResult = Extract<SpecResult, { outcome: 'failed' }>;

/** A spec that took longer is shown with its time. */
const slow = 5_000;
/** What has more lines below it has left the screen; logs of CI are often kept by their end only. */
const screen = 24;

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
 * Shows a run in the terminal: while it goes on, from its events, a line for each step and each spec, ten for a failure;
 * at its end, from its report, the verdict, and above it the failures once more where one of them has left the screen
 * since. Where there is no report, the end is the verdict and the time.
 */
export class Terminal implements Disposable {
  readonly #colors: Colors;
  readonly #line: LiveLine;
  readonly #live: boolean;
  readonly #readerErrors: () => readonly unknown[];
  /** Ids of the specs that are running. */
  readonly #running: string[] = [];
  #linesPrinted = 0;
  /** How many lines are above the first failure, which is the first to leave the screen. */
  #aboveFirstFailure: number | undefined;
  #folder: string;
  #done = 0;

  constructor(options: TerminalOptions) {
    this.#colors = pc.createColors(options.color);
    this.#live = options.live;
    this.#line = new LiveLine(options.output, options.live, options.now);
    this.#folder = options.folder ?? '';
    this.#readerErrors = options.readerErrors ?? (() => []);
  }

  /** The reader to subscribe. */
  readonly read = (event: RunEvent): void => {
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
        this.#done++;
        this.#running.splice(this.#running.indexOf(event.spec.id), 1);
        this.#spec(event.spec, event.result);
        this.#noteRunning();
        break;
      case 'pods-started':
      case 'pod-traced':
      case 'cpu-steal-measured':
      case 'specs-measured':
      case 'run-finished':
        break;
      case 'interrupted':
        this.#print(this.#colors.yellow(`${event.signal}: stopping and cleaning up`));
        break;
      case 'report-broken':
        this.#broken(event.part, event.error);
        break;
      case 'specs-planned':
        this.#planned(event);
        break;
      case 'run-started':
        this.#folder = event.folder;
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
    this.#line.note(`${this.#done} done, running ${this.#running.join(' ')}`);
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

  #failure({ id, sentence, file, line }: SpecIdentity, { error, evidence }: FailedResult, time: string): void {
    const { stack, diagnosis, ...rest } = withTexts(error, redactedText);
    // A wait that ends too late has no frame of its spec.
    const place = placeIn(stack, file) ?? (line === undefined ? undefined : `${file}:${line}`);
    const plain = { ...rest, ...(diagnosis !== undefined && { essence: diagnosis.essence }) };
    const excerpt = failureExcerpt({ error: plain, evidence }, { place, folder: this.#folder || undefined });
    this.#print(indent(this.#failureLines(id, `${sentence}${time}`, excerpt).join('\n'), '   '));
  }

  #failureLines(id: string, claim: string, excerpt: readonly string[]): string[] {
    const isPlace = (line: string): boolean => /^(?:at|all of it:) /.test(line);
    return [
      `${this.#cross()} ${this.#colors.bold(id)} ${claim}`,
      ...excerpt.map((line) => `   ${isPlace(line) ? this.#colors.dim(line) : line}`),
    ];
  }

  /** Shows the end of the run. Everything about its specs is taken from the report. */
  end({ exitStatus, verdict, milliseconds, report }: RunEnd): void {
    this.#line.end();
    if (report) this.#figures(report);
    const holds = exitStatus === 'conforms';
    const words = holds ? this.#colors.green(verdict) : this.#colors.red(verdict);
    this.#print(`\n ${holds ? this.#tick() : this.#cross()} ${this.#colors.bold(words)}`);
    const lines = report ? resultLines(report, this.#colors) : [duration(milliseconds)];
    if (this.#folder) lines.push(`report: ${this.#folder}`);
    this.#print(indent(lines.join('\n'), '   '));
    const broken = grouped(this.#readerErrors(), messageOf);
    for (const [message, { length }] of broken) {
      this.#broken('a part of the report', length > 1 ? `${message} (${length} times)` : message);
    }
  }

  #figures(report: LocalVolumeConformanceReport): void {
    const figures = figureLines(report);
    if (figures.length > 0) this.#print(`\n${indent(figures.join('\n'), '   ')}`);
    const above = this.#aboveFirstFailure;
    if (above === undefined || this.#linesPrinted - above <= screen) return;
    const lines = failuresAgain(report, this.#folder, (...failure) => this.#failureLines(...failure));
    this.#print(`\n${indent(lines.join('\n'), '   ')}`);
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
