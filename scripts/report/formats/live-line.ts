import { stripVTControlCharacters } from 'node:util';

/** Where a live line is written: standard output or standard error, in a run. */
export interface LiveOutput {
  write(text: string): unknown;
  /** Width of the terminal, where known. */
  columns?: number;
}

/** Erases the last line of a terminal. */
export const eraseLine = '\r\u001b[2K';
const everySecond = 1_000;

/**
 * The last line of the terminal: the step under way, and for how long. It is rewritten every second, and
 * finished lines are written above it. When not live, only the finished lines are written.
 */
export class LiveLine {
  readonly #output: LiveOutput;
  readonly #live: boolean;
  readonly #now: () => number;
  #title: string | undefined;
  #note: string | undefined;
  #start = 0;
  #timer: NodeJS.Timeout | undefined;
  #shown = false;

  constructor(output: LiveOutput, live: boolean, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#live = live;
    this.#now = now;
  }

  /** Whether a step is shown. */
  get active(): boolean {
    return this.#title !== undefined;
  }

  /** Begins a step; the line shows it until `end`. */
  begin(title: string): void {
    this.end();
    if (!this.#live) return;
    this.#title = title;
    this.#start = this.#now();
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), everySecond);
    // The line is no reason for a process to stay.
    this.#timer.unref();
  }

  /** What the step is doing now. */
  note(text: string): void {
    this.#note = text;
    this.#draw();
  }

  /** Writes a finished line; the live line, if there is one, moves below it. */
  above(text: string): void {
    this.#erase();
    this.#output.write(`${text}\n`);
    this.#draw();
  }

  /** Takes the live line away. */
  end(): void {
    clearInterval(this.#timer);
    this.#erase();
    this.#title = undefined;
    this.#note = undefined;
  }

  #erase(): void {
    if (this.#shown) this.#output.write(eraseLine);
    this.#shown = false;
  }

  #draw(): void {
    if (this.#title === undefined) return;
    const seconds = Math.floor((this.#now() - this.#start) / 1000);
    const note = this.#note === undefined ? '' : ` · ${this.#note}`;
    const line = stripVTControlCharacters(` • ${this.#title} ${seconds} s${note}`).replaceAll('\n', ' ');
    // A line that wraps could not be erased. Some terminals give their width as 0.
    this.#output.write(eraseLine + line.slice(0, (this.#output.columns || 80) - 1));
    this.#shown = true;
  }
}
