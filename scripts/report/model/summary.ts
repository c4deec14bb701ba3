import { DomainError } from '../../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../../clusters/errors/exit-status.ts';
import { grouped } from '../../../clusters/text/collections.ts';
import type { PodStart, RunEvent, SpecIdentity, SpecResult } from '../../../specs/runner/events.ts';
import type { Trace } from '../../../specs/trace/trace.ts';
import type { ReportedStatistics } from './report.ts';

/** A spec that has ended, and how. */
export interface FinishedSpec {
  spec: SpecIdentity;
  result: SpecResult;
}

export type FinishedAction = Extract<RunEvent, { kind: 'action-finished' }>;
export type Retry = Pick<Extract<RunEvent, { kind: 'action-retried' }>, 'step' | 'attempt' | 'reason'>;

/** What a run came to, so far. */
export interface Summary {
  run: string;
  verb: string;
  /** When the run began. */
  started?: Date;
  /** Report folder. */
  folder: string;
  actions: readonly FinishedAction[];
  /** Absent as long as no specs were planned. */
  planned?: number;
  specs: readonly FinishedSpec[];
  /** Decides the order of the specs: `--seed` repeats it. */
  seed?: number;
  /** How many specs ran side by side. */
  jobs?: number;
  podStarts?: readonly PodStart[];
  /** CPU steal while specs ran, from 0 to 1: the share of time that the host gave to other machines. */
  cpuSteal?: number;
  /** Infrastructure steps that were tried again. */
  retries: readonly Retry[];
  /** The last trace of each requirement whose spec has recorded one, by its id. */
  traces: readonly { name: string; trace: Trace }[];
  /** The signal that interrupted the run. */
  interrupted?: string;
  /** Set by the last event. */
  finished?: { exitStatus: ExitStatus; verdict: string; milliseconds: number };
}

/** What a run comes to: for the process that asked for it, and as the sentence that a person reads. */
export interface Ending {
  exitStatus: ExitStatus;
  verdict: string;
}

export const emptySummary: Summary = { run: '', verb: '', folder: '', actions: [], specs: [], retries: [], traces: [] };

/** Adds one event to the summary. Pure: gives a new summary. */
export function addEvent(summary: Summary, event: RunEvent): Summary {
  switch (event.kind) {
    case 'run-started':
      return { ...summary, run: event.run, verb: event.verb, folder: event.folder, started: event.at };
    case 'action-finished':
      return { ...summary, actions: [...summary.actions, event] };
    case 'action-retried':
      return {
        ...summary,
        retries: [...summary.retries, { step: event.step, attempt: event.attempt, reason: event.reason }],
      };
    case 'specs-planned':
      return { ...summary, planned: (summary.planned ?? 0) + event.count, seed: event.seed, jobs: event.jobs };
    case 'pods-started':
      return { ...summary, podStarts: [...(summary.podStarts ?? []), ...event.starts] };
    case 'pod-traced': {
      const others = summary.traces.filter(({ name }) => name !== event.requirement);
      return { ...summary, traces: [...others, { name: event.requirement, trace: event.trace }] };
    }
    case 'cpu-steal-measured':
      return { ...summary, cpuSteal: event.cpuSteal };
    case 'spec-finished':
      return { ...summary, specs: [...summary.specs, { spec: event.spec, result: event.result }] };
    case 'interrupted':
      return { ...summary, interrupted: event.signal };
    case 'run-finished': {
      const { exitStatus, verdict, milliseconds } = event;
      return { ...summary, finished: { exitStatus, verdict, milliseconds } };
    }
    default:
      return summary;
  }
}

/** Follows an event stream: subscribe `read`, ask `current()` at any time. */
export function followSummary(): { read: (event: RunEvent) => void; current: () => Summary } {
  let summary = emptySummary;
  return {
    read: (event) => {
      summary = addEvent(summary, event);
    },
    current: () => summary,
  };
}

/** Returns how many specs ended how. */
export function countsOf(summary: Summary): ReportedStatistics {
  const counts = { passed: 0, failed: 0, knownIssue: 0, skipped: 0, notApplicable: 0 };
  for (const { result } of summary.specs) counts[result.outcome]++;
  return counts;
}

/**
 * Returns what the run says about the cluster. An interruption comes before all; then a step that failed, because what
 * follows it says nothing about the requirements; then the specs. Specs that were planned or are what the verb is
 * about, but gave no result, never conform. Something left behind is a fault of the environment.
 */
export function endingOf(summary: Summary): Ending {
  const { passed, failed, knownIssue, skipped, notApplicable } = countsOf(summary);
  const broken = summary.actions.find(({ direction, outcome }) => direction === 'perform' && outcome === 'failed');
  const leftBehind = summary.actions.find(({ direction, outcome }) => direction === 'undo' && outcome === 'failed');
  const results = passed + failed + knownIssue + skipped + notApplicable;
  if (summary.interrupted) return { exitStatus: 'interrupted', verdict: `interrupted by ${summary.interrupted}` };
  if (broken) return { exitStatus: statusOfError(broken.error), verdict: `not finished: ${broken.title} failed` };
  if (failed > 0)
    return { exitStatus: 'doesNotConform', verdict: `does not conform: ${failed} of ${results} specs failed` };
  if (summary.planned !== undefined || summary.verb === 'run') {
    const missing = (summary.planned ?? 0) - results;
    if (missing > 0)
      return { exitStatus: 'doesNotConform', verdict: `proves nothing: ${missing} specs gave no result` };
    if (passed + knownIssue === 0) return { exitStatus: 'doesNotConform', verdict: 'proves nothing: no spec passed' };
  }
  if (leftBehind)
    return { exitStatus: 'environment', verdict: `something was left behind: ${leftBehind.title} failed` };
  if (results === 0) return { exitStatus: 'conforms', verdict: 'done' };
  const except = skipped > 0 ? ', except what was skipped' : '';
  const issues =
    knownIssue > 0 ? `, except ${knownIssue} known ${knownIssue === 1 ? 'issue' : 'issues'} of Kubernetes` : '';
  const elsewhere = notApplicable > 0 ? `; ${notApplicable} not applicable: ${reasonsOf(summary)}` : '';
  return {
    exitStatus: 'conforms',
    verdict: `conforms: every requirement that was run holds${issues}${except}${elsewhere}`,
  };
}

/** Returns for which versions of Kubernetes the requirements are that do not apply, such as `Kubernetes before 1.37 only`. */
function reasonsOf({ specs }: Summary): string {
  const reasons = specs.flatMap(({ result }) => (result.outcome === 'notApplicable' ? [result.reason] : []));
  return [...new Set(reasons)].join(', ');
}

/** A failed step may know better whose fault it is; it cannot make a run conform. */
function statusOfError(error: unknown): ExitStatus {
  return error instanceof DomainError && error.exit !== 'conforms' ? error.exit : 'environment';
}

/** Returns the specs by chapter, in the order in which the chapters came first. */
export function byChapter(specs: readonly FinishedSpec[]): Map<string, FinishedSpec[]> {
  return grouped(specs, ({ spec }) => spec.chapter);
}
