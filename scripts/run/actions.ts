import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import type { Progress } from '../../clusters/text/progress.ts';
import type { EventStream } from '../../specs/runner/events.ts';
import { withDeadline } from './deadline.ts';

/** What an action gets when it is performed or undone. */
export interface ActionContext {
  /** Aborted when the action has to stop: its deadline passed, or the run was interrupted. */
  signal: AbortSignal;
  progress: Progress;
}

/**
 * One step of a run. `undo` must be idempotent and must work without `perform` having run in this process:
 * it is also called by a later process, for the journal of a run that was killed half way.
 */
export interface Action {
  /** Stable, in kebab case: the name in the journal and in JUnit. */
  name: string;
  /** What is shown while it runs, such as "Creating the cluster". */
  title: string;
  /** Milliseconds that `perform` may take. */
  deadline: number;
  perform(context: ActionContext): Promise<void>;
  undo?(context: ActionContext): Promise<void>;
  /** What is shown while it is undone, such as "Deleting the cluster". */
  undoTitle?: string;
  /** Milliseconds that `undo` may take; one minute if not given. */
  undoDeadline?: number;
}

/** Where a run remembers what it began. */
export interface ActionJournal {
  /** Names of the actions begun and not undone, in the order they were begun. */
  readonly begun: readonly string[];
  recordBegun(action: string): Promise<void>;
  recordDone(action: string): Promise<void>;
  recordUndone(action: string): Promise<void>;
}

export interface RunConditions {
  events: EventStream;
  journal: ActionJournal;
  /** Milliseconds an action may take to stop after its signal was aborted; 2 s if not given. */
  grace?: number;
}

export interface UndoFailure {
  action: string;
  error: unknown;
}

/** How performing the actions ended. The first failure is `error`; errors of undoing stand apart. */
export type Performance =
  | { outcome: 'done' }
  | {
      outcome: 'failed' | 'interrupted';
      /** The action that failed or was stopped. */
      action: string;
      error: unknown;
      undoFailures: UndoFailure[];
    };

const defaultGrace = 2_000;
const defaultUndoDeadline = 60_000;

/**
 * Performs the actions in order. On the first failure, or when the signal is aborted, everything begun is undone in
 * reverse, the half-done action too, unless `keep` says otherwise. Undoing has its own deadlines and is not aborted
 * by the signal. Never rejects: how it ended is the result. Every failure is an event, too, from which the exit status
 * follows.
 */
export async function performAll(
  actions: readonly Action[],
  conditions: RunConditions & {
    signal: AbortSignal;
    /** Whether what was begun stays after this outcome; by default it is undone. */
    keep?: (outcome: 'failed' | 'interrupted') => boolean;
  },
): Promise<Performance> {
  for (const action of actions) {
    const recorded = (record: Promise<void>) => recordOf(action, 'perform', record, conditions.events);
    try {
      conditions.signal.throwIfAborted();
      await recorded(conditions.journal.recordBegun(action.name));
      await performOne(action, conditions);
      await recorded(conditions.journal.recordDone(action.name));
    } catch (error) {
      const outcome = conditions.signal.aborted ? 'interrupted' : 'failed';
      const undoFailures = conditions.keep?.(outcome) ? [] : await undoAll(actions, conditions);
      return { outcome, action: action.name, error, undoFailures };
    }
  }
  return { outcome: 'done' };
}

/**
 * Undoes, in reverse, the actions that the journal knows as begun. One that fails does not stop the others.
 * For the ordinary end of a run, for a failed one, and for the journal of a run that died.
 */
export async function undoAll(actions: readonly Action[], conditions: RunConditions): Promise<UndoFailure[]> {
  const failures: UndoFailure[] = [];
  for (const name of conditions.journal.begun.toReversed()) {
    const action = actions.find((candidate) => candidate.name === name);
    try {
      if (!action) throw unknownAction(name);
      await undoOne(action, conditions);
      await recordOf(action, 'undo', conditions.journal.recordUndone(name), conditions.events);
    } catch (error) {
      failures.push({ action: name, error });
    }
  }
  return failures;
}

/** Waits until the journal has recorded how far an action is. A journal that cannot is a failure of that action. */
async function recordOf(
  { name, title, undoTitle = title }: Action,
  direction: 'perform' | 'undo',
  record: Promise<void>,
  events: EventStream,
): Promise<void> {
  await record.catch((cause: unknown) => {
    const error = new DomainError(
      {
        attempted: `recording how far the step "${name}" is`,
        seen: messageOf(cause),
        why: 'without a record, nothing could undo what a killed run had begun',
        remedy: 'make room on the disk of the report folder and of the record of runs, or name another with --report',
      },
      { cause },
    );
    const action = { action: name, title: direction === 'undo' ? undoTitle : title, direction };
    events.emit({ kind: 'action-finished', ...action, milliseconds: 0, outcome: 'failed', error });
    throw error;
  });
}

function performOne(action: Action, conditions: RunConditions & { signal: AbortSignal }): Promise<void> {
  return observed(action, 'perform', (context) => action.perform(context), {
    ...conditions,
    title: action.title,
    deadline: action.deadline,
  });
}

async function undoOne(action: Action, conditions: RunConditions): Promise<void> {
  const undo = action.undo?.bind(action);
  if (!undo) return;
  await observed(action, 'undo', undo, {
    // The run's own signal must not reach the undoing, so only these two are passed on.
    events: conditions.events,
    ...(conditions.grace === undefined ? {} : { grace: conditions.grace }),
    title: action.undoTitle ?? `Undoing: ${action.title}`,
    deadline: action.undoDeadline ?? defaultUndoDeadline,
  });
}

/** Runs one direction of an action under its deadline, and emits events about it. */
async function observed(
  action: Action,
  direction: 'perform' | 'undo',
  work: (context: ActionContext) => Promise<void>,
  bounds: { events: EventStream; title: string; deadline: number; grace?: number; signal?: AbortSignal },
): Promise<void> {
  const { events, title, deadline, grace = defaultGrace, signal } = bounds;
  let lastNote: string | undefined;
  const progress: Progress = {
    note: (text) => {
      lastNote = text;
      events.emit({ kind: 'action-noted', action: action.name, text });
    },
    retried: (step, attempt, reason) => {
      events.emit({ kind: 'action-retried', action: action.name, step, attempt, reason });
    },
  };
  events.emit({ kind: 'action-started', action: action.name, title, direction });
  const start = performance.now();
  const finished = { kind: 'action-finished', action: action.name, title, direction } as const;
  try {
    await withDeadline((stop) => work({ signal: stop, progress }), {
      title,
      deadline,
      grace,
      lastNote: () => lastNote,
      ...(signal && { signal }),
    });
    events.emit({ ...finished, outcome: 'done', milliseconds: performance.now() - start });
  } catch (error) {
    events.emit({ ...finished, outcome: 'failed', milliseconds: performance.now() - start, error });
    throw error;
  }
}

function unknownAction(name: string): DomainError {
  return new DomainError({
    attempted: `undoing the action ${name}`,
    why: 'This version of the harness has no action of that name, so it does not know how to undo it.',
    remedy: 'Clean up with the version of the harness that began the run.',
  });
}
