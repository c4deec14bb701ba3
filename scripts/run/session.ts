import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { lpv } from '../../clusters/project-root.ts';
import { EventStream } from '../../specs/runner/events.ts';
import { catchStrayErrors } from '../../specs/runner/stray-errors.ts';
import { openEventLog } from '../report/formats/event-log.ts';
import { stopCommands } from '../report/formats/github.ts';
import { Terminal, terminalCapabilities } from '../report/formats/terminal.ts';
import { type Ending, endingOf } from '../report/model/ending.ts';
import type { LocalVolumeConformanceReport } from '../report/model/report.ts';
import { followSummary, type Summary } from '../report/model/summary.ts';
import { type ReportedRun, writeJunit, writeReportFiles } from '../report/report-files.ts';
import type { Action } from './actions.ts';
import type { ClusterTarget, Reservation } from './cluster/state.ts';
import { Journal } from './journal.ts';
import { identifyProcess } from './process-identity.ts';
import { entryOf, Registry, type RegistryEntry } from './registry.ts';
import { runIdentity } from './run-identity.ts';
import { listenForSignals } from './signals.ts';

/** What a run needs at its start. */
export interface SessionRequest {
  verb: string;
  /** The folder in which the folder of the run is made. */
  reports: string;
  /** The user's name for the cluster; a new one where not given. */
  name?: string | undefined;
  /** An existing cluster, which the run uses and leaves running. */
  existing?: RegistryEntry | undefined;
  /** Whether a skipped spec makes the run end with status 3. */
  strict?: boolean | undefined;
  /**
   * Returns the report of what has happened so far; called each time the report is written, finally with the
   * milliseconds that the whole run took. Without it there is e2e.log only.
   */
  report?: (summary: Summary, finished?: number) => ReportedRun;
  /** Returns what a verb without specs has shown, where all of its steps went well. */
  judged?: () => Ending;
}

/** One run of a verb: its names, its record on disk, its readers and its signals. Dispose it last. */
export interface Session extends AsyncDisposable {
  target: ClusterTarget & Reservation;
  events: EventStream;
  journal: Journal;
  /** Aborted by the signals that interrupt a run. */
  signal: AbortSignal;
  /** Returns how the run ends by what has happened so far. */
  ending(): Ending;
  /** The last step of a verb that leaves its cluster running: from here on, `lpv down` removes it. */
  keepStep: Action;
  /** Waits for work; an error becomes a failure of the environment, and the run continues to its end. */
  attempt(title: string, work: () => Promise<void>): Promise<void>;
  /** Announces the end, writes the report, and returns the exit status of everything that happened. */
  finish(): Promise<ExitStatus>;
  /** Returns the report as `finish` has written it; undefined for a run without one. */
  report(): LocalVolumeConformanceReport | undefined;
}

/** Begins a run: the report folder and the journal are there before anything else is made. */
export async function beginSession(request: SessionRequest): Promise<Session> {
  const { verb, existing, report } = request;
  const begun = performance.now();
  const started = new Date();
  const registry = new Registry();
  const identity = runIdentity({ now: started, name: request.name });
  const folder = join(resolve(request.reports), identity.folder.replace(/^reports\//, ''));
  const cluster = existing?.cluster ?? identity.cluster;
  const network = existing?.network ?? identity.network;
  if (!existing) await registry.refuseTaken(cluster);
  const kubeconfig = existing?.kubeconfig ?? join(folder, 'kubeconfig');
  await mkdir(folder, { recursive: true });

  const run = identity.id;
  const journal = await Journal.begin({
    run,
    verb,
    process: identifyProcess(),
    started,
    cluster,
    network,
    folder,
    kubeconfig,
  });

  // From here on, lines of the cluster are shown.
  const commands = stopCommands(process.env, (line) => void process.stdout.write(`${line}\n`));
  const events = new EventStream();
  const summary = followSummary();
  const log = openEventLog(join(folder, 'e2e.log'));
  const terminal = new Terminal({
    output: process.stdout,
    ...terminalCapabilities(process.stdout, process.env),
    readerErrors: () => events.readerErrors,
  });
  events.subscribe(summary.read);
  events.subscribe(log.read);
  if (report) {
    events.subscribe(({ kind }) => {
      if (kind === 'action-finished') writeJunit(folder, report(summary.current()).report);
    });
  }
  events.subscribe(terminal.read);
  const signals = listenForSignals({
    interrupted: (signal) => events.emit({ kind: 'interrupted', signal }),
    say: (line) => void process.stderr.write(`${line}\n`),
    cleanCommand: () => lpv('clean'),
  });
  const blame = (title: string, error: unknown): void => {
    const action = { action: 'harness', title, direction: 'perform' } as const;
    events.emit({ kind: 'action-finished', ...action, milliseconds: 0, outcome: 'failed', error });
  };
  // A spec that an interruption abandoned may still throw; the run no longer waits for it.
  const stray = catchStrayErrors((thrown) => {
    if (!signals.signal.aborted) blame('Catching every error', thrown);
  });
  events.emit({ kind: 'run-started', run, verb, folder, strict: request.strict ?? false });

  let kept = false;
  let finished: ReportedRun | undefined;
  return {
    target: {
      run,
      cluster,
      network,
      folder,
      kubeconfig,
      reserve: () => registry.reserve(entryOf(journal.record)),
      use: (found) => registry.put({ ...entryOf(journal.record), found }),
    },
    events,
    journal,
    signal: signals.signal,
    ending: () => endingOf(summary.current(), report?.(summary.current()).report, request.judged?.()),
    keepStep: {
      name: 'keep',
      title: 'Recording that the cluster stays',
      deadline: 10_000,
      async perform() {
        await journal.recordKept(true);
        await registry.put(entryOf(journal.record));
        kept = true;
      },
      undoTitle: 'Recording that the cluster goes',
      async undo() {
        kept = false;
        await journal.recordKept(false);
      },
    },
    async attempt(title, work) {
      await work().catch((error) => blame(title, error));
    },
    async finish() {
      const milliseconds = performance.now() - begun;
      try {
        finished = report?.(summary.current(), milliseconds);
      } catch (error) {
        blame('Making the report', error);
      }
      const { exitStatus, verdict } = endingOf(summary.current(), finished?.report, request.judged?.());
      // Emitted before the report is written: that contains the whole log, and its faults must not hide the verdict.
      events.emit({ kind: 'run-finished', exitStatus, verdict, milliseconds });
      terminal.end({ exitStatus, verdict, milliseconds, report: finished?.report });
      commands.resume();
      const broken = finished ? await writeReportFiles(folder, finished, process.env) : [];
      for (const { part, error } of broken) events.emit({ kind: 'report-broken', part, error });
      // Without report.yaml, what was shown is on record nowhere.
      const lost = broken.some(({ part }) => part === 'report.yaml');
      return lost && exitStatus === 'conforms' ? 'environment' : exitStatus;
    },
    report: () => finished?.report,
    async [Symbol.asyncDispose]() {
      // What could not be undone stays in the registry, for `lpv clean`.
      if (!kept && journal.begun.every((action) => !undoable.has(action))) await registry.remove(run);
      signals[Symbol.dispose]();
      stray[Symbol.dispose]();
      terminal[Symbol.dispose]();
      commands.resume();
      log[Symbol.dispose]();
    },
  };
}

/** Actions whose effects outlive the process. */
const undoable: ReadonlySet<string> = new Set(['cluster', 'use']);
