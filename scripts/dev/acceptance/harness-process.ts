import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { type ExitStatus, exitStatus } from '../../../clusters/errors/exit-status.ts';

const launcher = fileURLToPath(new URL('../../lpv.js', import.meta.url));

/** Whether others use this machine meanwhile, and so the time of its processors too. */
export const isShared = process.env.LPV_SHARED_MACHINE === 'on';

/** How many times as long everything may take as on a machine without other work. */
export const slowness = isShared ? 6 : 1;

/** How a process of the harness ended. */
export interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  /** Milliseconds since the last signal that was sent to it, or since its start. */
  milliseconds: number;
}

/** One process of the harness, started as a user starts it. */
export class HarnessProcess {
  readonly #args: readonly string[];
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  readonly #watchers = new Set<() => void>();
  #since = performance.now();
  #output = '';
  #closed = false;

  constructor(args: readonly string[], options: { env: NodeJS.ProcessEnv; directory: string }) {
    this.#args = args;
    this.#child = spawn(process.execPath, [launcher, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.directory,
      env: options.env,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#tell();
      });
    }
    this.#ended = once(this.#child, 'close').then(([status, signal]) => {
      this.#closed = true;
      this.#tell();
      return { status, signal, milliseconds: performance.now() - this.#since };
    });
    this.#ended.catch(() => {});
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Everything it wrote so far, on both outputs. */
  get output(): string {
    return this.#output;
  }

  /** Resolves once it has written something that matches; rejects when it ends before, or after the deadline. */
  async says(text: RegExp, deadline = slowness * 240_000): Promise<void> {
    await this.#until(() => text.test(this.#output), `saying ${text}`, deadline);
  }

  /** Sends a signal to the process alone, as `kill` does. */
  send(signal: NodeJS.Signals): void {
    this.#since = performance.now();
    this.#child.kill(signal);
  }

  /** Resolves when it has ended and closed its outputs. A process that does not end is killed. */
  async ended(deadline = slowness * 300_000): Promise<Ended> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), deadline);
    try {
      return await this.#ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Resolves when it ended with that status, or one of those, within milliseconds, times the {@link slowness}, and has
   * written all of that; rejects otherwise.
   */
  async endsWith(
    expected: ExitStatus | readonly ExitStatus[],
    texts: readonly RegExp[] = [],
    within = 300_000,
  ): Promise<void> {
    const limit = slowness * within;
    const { status, signal, milliseconds } = await this.ended(Math.max(limit, slowness * 300_000));
    const statuses = [expected].flat().map((each) => exitStatus[each]);
    const wrong = [
      ...(statuses.some((each) => each === status) ? [] : [`status ${status ?? signal}, not ${statuses.join(' or ')}`]),
      ...(milliseconds <= limit ? [] : [`it took ${Math.round(milliseconds)} ms, more than ${limit}`]),
      ...texts.filter((text) => !text.test(this.#output)).map((text) => `it does not say ${text}`),
    ];
    if (wrong.length > 0) throw this.#failure('ending as it should', wrong.join('\n'));
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }

  async #until(holds: () => boolean, what: string, deadline: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let look = (): void => {};
    try {
      await new Promise<void>((resolve, reject) => {
        look = () => {
          if (holds()) resolve();
          else if (this.#closed) reject(this.#failure(what, 'the process ended'));
        };
        timer = setTimeout(() => reject(this.#failure(what, `not within ${deadline / 1000} s`)), deadline);
        this.#watchers.add(look);
        look();
      });
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(look);
    }
  }

  #failure(what: string, seen: string): DomainError {
    const written = this.#output.trimEnd().split('\n').slice(-30).join('\n');
    return new DomainError({
      attempted: what,
      on: `lpv ${this.#args.join(' ')}`,
      seen: `${seen}\nit wrote:\n${written}`,
    });
  }
}

/** Returns how many requirements have passed, by what a run has written at its end. */
export function passedIn(output: string): number {
  return Number(/(\d+) passed, \d+ failed/.exec(output)?.[1]);
}
