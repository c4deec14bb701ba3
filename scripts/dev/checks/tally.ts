import pc from 'picocolors';
import { messageOf } from '../../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../../clusters/errors/exit-status.ts';
import { duration } from '../../../clusters/text/duration.ts';
import { type Counts, countsInWords } from '../../report/model/summary.ts';

/** What came of a stage. A stage that counts nothing itself counts as one. */
export type StageOutcome =
  | { kind: 'passed'; counts?: Counts }
  | { kind: 'failed'; counts?: Counts; exit: ExitStatus; output: string }
  /** It cannot be had here; that is told, and counted. */
  | { kind: 'skipped'; reason: string };

/** One part of `npm test`. */
export interface Stage {
  title: string;
  /** Checks decide whether a cluster is made at all. */
  kind: 'check' | 'cluster';
  perform(signal: AbortSignal): Promise<StageOutcome>;
}

/** Performs stages, tells each in a line, and sums them up. */
export class Tally {
  readonly #write: (text: string) => void;
  readonly #colors: ReturnType<typeof pc.createColors>;
  #counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  #firstFailure: ExitStatus | undefined;
  #checksFailed = false;

  constructor(write: (text: string) => void, color: boolean) {
    this.#write = write;
    this.#colors = pc.createColors(color);
  }

  get checksFailed(): boolean {
    return this.#checksFailed;
  }

  /** Performs a stage, unless the signal was aborted. What it throws is its failure. */
  async perform(stage: Stage, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (stage.kind === 'cluster') this.#line(` • ${stage.title}`);
    const begun = performance.now();
    const outcome = await stage
      .perform(signal)
      .catch((error): StageOutcome => ({ kind: 'failed', exit: 'environment', output: messageOf(error) }));
    // What was cut off says nothing.
    if (signal.aborted && stage.kind === 'check') return;
    this.#record(stage, outcome, performance.now() - begun);
  }

  /** Counts a stage as skipped, and says why. */
  skip(title: string, reason: string): void {
    this.#add({ passed: 0, failed: 0, skipped: 1 });
    this.#line(` ${this.#colors.yellow('-')} ${title}: skipped: ${reason}`);
  }

  /** Writes the line that sums everything up, and gives the verdict: the meaning of the first stage that failed. */
  finish(interrupted: boolean): ExitStatus {
    this.#line(countsInWords(this.#counts));
    return interrupted ? 'interrupted' : (this.#firstFailure ?? 'conforms');
  }

  #record({ title, kind }: Stage, outcome: StageOutcome, milliseconds: number): void {
    const { green, red } = this.#colors;
    const facts = ['counts' in outcome && outcome.counts && countsInWords(outcome.counts), duration(milliseconds)];
    const line = `${title} (${facts.filter(Boolean).join(', ')})`;
    switch (outcome.kind) {
      case 'passed':
        this.#add(outcome.counts ?? { passed: 1, failed: 0, skipped: 0 });
        this.#line(` ${green('✓')} ${line}`);
        break;
      case 'failed':
        this.#add(outcome.counts ?? { passed: 0, failed: 1, skipped: 0 });
        this.#firstFailure ??= outcome.exit;
        this.#checksFailed ||= kind === 'check';
        this.#line(` ${red('✗')} ${line}`);
        if (outcome.output) this.#line(outcome.output.trimEnd().replace(/^(?=.)/gm, '   '));
        break;
      case 'skipped':
        this.skip(title, outcome.reason);
    }
  }

  #add({ passed, failed, skipped }: Counts): void {
    const { passed: p, failed: f, skipped: s } = this.#counts;
    this.#counts = { passed: p + passed, failed: f + failed, skipped: s + skipped };
  }

  #line(text: string): void {
    this.#write(`${text}\n`);
  }
}
