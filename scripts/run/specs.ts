import { setTimeout as after } from 'node:timers/promises';
import { messageOf } from '../../clusters/domain-error.ts';
import { stopSpecsWith } from '../../specs/support/current-spec.ts';
import { EventReporter } from './event-reporter.ts';
import type { EventStream } from './events.ts';
import type { LoadedSpecs } from './load-specs.ts';
import { type SpecCounts, SpecTracker } from './spec-tracker.ts';

export interface SpecRunOptions {
  events: EventStream;
  /** Aborting this stops the running spec through its own signal; the specs after it are told as skipped. */
  signal: AbortSignal;
  /** Absolute path of the report folder. */
  folder: string;
  /** Milliseconds that the running spec and its hooks may take to stop after that; 1.5 s if not given: less than an action gets. */
  grace?: number;
}

/**
 * Runs loaded specs in this process, one after the other, without retries, and tells the events. Resolves with the
 * counts also when specs fail or the run is interrupted: what they mean is for the verdict to say.
 */
export async function runSpecs(loaded: LoadedSpecs, options: SpecRunOptions): Promise<SpecCounts> {
  const { events, signal, folder, grace = 1_500 } = options;
  const interruption = (): string | undefined => (signal.aborted ? messageOf(signal.reason) : undefined);
  const tracker = new SpecTracker({ specs: loaded.specs, events, folder, interruption });
  if (signal.aborted) {
    tracker.planned();
    tracker.close();
    return tracker.counts;
  }
  using _following = stopSpecsWith(signal);
  loaded.mocha.reporter(EventReporter, { tracker });
  const settled = new AbortController();
  let stop = (): void => {};
  await new Promise<void>((resolve) => {
    const runner = loaded.mocha.run(() => {
      runner.dispose();
      resolve();
    });
    stop = () => {
      runner.abort();
      const leaveBehind = (): void => {
        // Mocha's listeners stay, so that what the spec still throws cannot end the process; its timer must not hold it.
        runner.currentRunnable?.clearTimeout();
        resolve();
      };
      after(grace, undefined, { signal: settled.signal }).then(leaveBehind, () => {});
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  signal.removeEventListener('abort', stop);
  settled.abort();
  tracker.close();
  return tracker.counts;
}
