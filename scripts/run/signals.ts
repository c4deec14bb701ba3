/** Why a run's signal was aborted: the user or the system sent a signal. */
export class Interruption extends Error {
  override readonly name: string = 'Interruption';
  readonly signal: InterruptSignal;

  constructor(signal: InterruptSignal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

/** What stops a run: Ctrl-C, Ctrl-\, `kill` and a cancelled CI job, a terminal or an SSH connection that is closed. */
export const interruptSignals = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const;
export type InterruptSignal = (typeof interruptSignals)[number];

/** The part of `process` that signals need; a unit test gives its own. */
interface SignalSource {
  on(signal: InterruptSignal, listener: () => void): unknown;
  off(signal: InterruptSignal, listener: () => void): unknown;
  exit(status: number): void;
}

export interface SignalOptions {
  /** Called once, at the first signal. */
  interrupted: (signal: InterruptSignal) => void;
  /** Writes one line for the user. */
  say: (line: string) => void;
  /** The exact command that cleans up what is left, such as `lpv clean k3x9qd`. */
  cleanCommand: () => string;
  source?: SignalSource;
  /** Monotonic milliseconds. */
  now?: () => number;
}

/** A signal sent to the whole process group may also be forwarded by npm: both copies are one keypress. */
const sameKeypress = 100;
/** A further signal this soon after one was answered means: stop now. */
const insisting = 2_000;

/**
 * Turns the signals that interrupt into one AbortSignal. The first aborts it, and undoing begins; the second is answered
 * with a line, so that undoing goes on (a cancelled CI job gets SIGINT, and SIGTERM 7.5 s later); another one within
 * two seconds of the last exits at once with status 130, after the command that cleans up.
 */
export function listenForSignals(options: SignalOptions): { signal: AbortSignal } & Disposable {
  const { interrupted, say, cleanCommand, source = process, now = () => performance.now() } = options;
  const controller = new AbortController();
  let lastSignal = Number.NEGATIVE_INFINITY;
  let answered = false;

  const receive = (signal: InterruptSignal): void => {
    // A terminal that closes sends several, through the shell, npm and the kernel; that is no second request.
    if (signal === 'SIGHUP' && controller.signal.aborted) return;
    const since = now() - lastSignal;
    if (since < sameKeypress) return;
    lastSignal = now();
    if (!controller.signal.aborted) {
      controller.abort(new Interruption(signal));
      interrupted(signal);
    } else if (!answered || since > insisting) {
      answered = true;
      say('still cleaning up…');
    } else {
      say(`stopped before everything was cleaned up; to remove what is left: ${cleanCommand()}`);
      source.exit(130);
    }
  };

  const listeners = interruptSignals.map((signal) => [signal, () => receive(signal)] as const);
  for (const [signal, listener] of listeners) source.on(signal, listener);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const [signal, listener] of listeners) source.off(signal, listener);
    },
  };
}

/**
 * Lets this program go on when the reader of its output goes away (`| head`, a closed terminal): writing then fails,
 * which must not end a run before it has cleaned up.
 */
export function ignoreEpipe(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}
