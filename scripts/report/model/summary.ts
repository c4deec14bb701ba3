import type { PodStart, RunEvent, SpecIdentity, SpecPlace, SpecResult } from '../../../specs/runner/events.ts';
import type { Trace } from '../../../specs/trace/trace.ts';

/** A spec that has ended, and how. */
export interface FinishedSpec {
  spec: SpecIdentity;
  result: SpecResult;
  /** Milliseconds from the begin of the run to the begin of the spec. */
  began?: number;
  place?: SpecPlace;
}

export type FinishedAction = Extract<RunEvent, { kind: 'action-finished' }>;
export type Retry = Pick<Extract<RunEvent, { kind: 'action-retried' }>, 'step' | 'attempt' | 'reason'>;

/** What the events of a run say so far; its report is made from this. */
export interface Summary {
  run: string;
  verb: string;
  /** When the run began. */
  started?: Date;
  /** Report folder. */
  folder: string;
  /** Whether a skipped spec is not tolerated. */
  strict?: boolean;
  actions: readonly FinishedAction[];
  /** Absent as long as no specs were planned. */
  planned?: number;
  specs: readonly FinishedSpec[];
  /** Where specs run or have run, by the ids of their requirements. */
  places?: ReadonlyMap<string, SpecPlace>;
  /** Decides the order of the specs: `--seed` repeats it. */
  seed?: number;
  /** How many specs ran side by side. */
  jobs?: number;
  podStarts?: readonly PodStart[];
  /** CPU steal while specs ran, from 0 to 1: the share of time that the host gave to other machines. */
  cpuSteal?: number;
  /** How long the specs took, and the least that they would have taken in any order. */
  schedule?: Pick<Extract<RunEvent, { kind: 'specs-measured' }>, 'milliseconds' | 'atLeast' | 'because'>;
  /** Infrastructure steps that were tried again. */
  retries: readonly Retry[];
  /** The last trace of each requirement whose spec has recorded one, by its id. */
  traces: readonly { name: string; trace: Trace }[];
  /** The signal that interrupted the run. */
  interrupted?: string;
}

export const emptySummary: Summary = { run: '', verb: '', folder: '', actions: [], specs: [], retries: [], traces: [] };

/** Returns the summary with one event more. Pure. */
export function addEvent(summary: Summary, event: RunEvent): Summary {
  switch (event.kind) {
    case 'run-started':
      return {
        ...summary,
        run: event.run,
        verb: event.verb,
        folder: event.folder,
        strict: event.strict ?? false,
        started: event.at,
      };
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
    case 'specs-measured': {
      const { milliseconds, atLeast, because } = event;
      return { ...summary, schedule: { milliseconds, atLeast, because } };
    }
    case 'spec-started':
      if (!event.place) return summary;
      return { ...summary, places: new Map(summary.places).set(event.spec.id, event.place) };
    case 'spec-finished': {
      const { spec, result, at } = event;
      const began = summary.started && Math.max(0, at.getTime() - summary.started.getTime() - result.milliseconds);
      const place = summary.places?.get(spec.id);
      const finished = { spec, result, ...(began !== undefined && { began }), ...(place && { place }) };
      return { ...summary, specs: [...summary.specs, finished] };
    }
    case 'interrupted':
      return { ...summary, interrupted: event.signal };
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
