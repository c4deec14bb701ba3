import type { ErrorDetails } from '../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import type { KnownIssue } from '../catalogue/catalogue.ts';
import type { SkippedFor } from '../catalogue/features.ts';
import type { FailureDiagnosis } from '../diagnosis/failure-text.ts';
import type { Trace } from '../trace/trace.ts';

/** Everything that happens in a run. Terminal, e2e.log, report and benchmark read these events. */
export type RunEvent = { at: Date } /** `strict`: a skipped spec is not tolerated. */ & (
  | { kind: 'run-started'; run: string; verb: string; folder: string; strict?: boolean }
  | { kind: 'action-started'; action: string; title: string; direction: 'perform' | 'undo' }
  | { kind: 'action-noted'; action: string; text: string }
  | { kind: 'action-retried'; action: string; step: string; attempt: number; reason: string }
  | {
      kind: 'action-finished';
      action: string;
      title: string;
      milliseconds: number;
      outcome: 'done' | 'failed';
      /** Whether this was the doing or the undoing of the action. */
      direction: 'perform' | 'undo';
      error?: unknown;
    }
  /** `seed` decides the order of the specs, `jobs` how many run side by side. */
  | { kind: 'specs-planned'; count: number; seed: number; jobs: number }
  | { kind: 'spec-started'; spec: SpecIdentity; place?: SpecPlace }
  /** How long the pods of a spec took, before the event of its end. */
  | { kind: 'pods-started'; starts: readonly PodStart[] }
  /** How a pod of a spec got its volume. */
  | { kind: 'pod-traced'; requirement: string; trace: Trace }
  /** CPU steal while specs ran, from 0 to 1: the share of time that the host gave to other machines. */
  | { kind: 'cpu-steal-measured'; cpuSteal: number }
  /** How long the specs took, and the least that they would have taken in any order, in milliseconds. */
  | { kind: 'specs-measured'; milliseconds: number; atLeast: number; because: string }
  | { kind: 'spec-finished'; spec: SpecIdentity; result: SpecResult }
  | { kind: 'interrupted'; signal: string }
  /** `verdict` is the sentence about the run that a person reads. */
  | { kind: 'run-finished'; exitStatus: ExitStatus; verdict: string; milliseconds: number }
  /** A part of the report could not be written, after the run. Whatever it is, it is the harness's own fault. */
  | { kind: 'report-broken'; part: string; error: unknown }
);

/** Which spec an event is about. `id` is that of the requirement, such as `SEED-4`. */
export interface SpecIdentity {
  id: string;
  chapter: string;
  /** What Kubernetes promises, and the spec proves. */
  sentence: string;
  /** Path of the spec file, relative to the project's root. */
  file: string;
  /** Line of the spec in its file; absent for a failure outside of specs. */
  line?: number;
}

/** Where a spec runs. */
export interface SpecPlace {
  /** The nodes that it has, by name; absent: all of them. */
  nodes?: readonly string[];
  /** Whether it has them for itself. */
  alone: boolean;
}

/** How long one pod took from created to Ready, as the watch showed it. */
export interface PodStart {
  /** Id of the requirement whose spec made the pod. */
  requirement: string;
  milliseconds: number;
  /**
   * What source code and waits of Kubernetes allow at best, in milliseconds: where a claim was bound only for this pod,
   * the scheduler looks once a second whether it is (PreBind of VolumeBinding).
   */
  lowerLimit: number;
}

export type SpecResult =
  | { outcome: 'passed'; milliseconds: number; evidence: string[] }
  | { outcome: 'failed'; milliseconds: number; evidence: string[]; error: SpecFailure }
  | { outcome: 'skipped'; milliseconds: number; evidence: string[]; reason: string; skippedFor?: SkippedFor }
  /** The promise is broken, as an open issue of Kubernetes says it is in this minor; `error` is what its assertion saw. */
  | { outcome: 'knownIssue'; milliseconds: number; evidence: string[]; issue: KnownIssue; error: SpecFailure }
  /** Promised for other versions of Kubernetes: `reason` says for which. */
  | { outcome: 'notApplicable'; milliseconds: number; evidence: string[]; reason: string };

/** An error as data: what a report can say about it. */
export interface ThrownError {
  /** Name of the error's class, such as `AssertionError` or `DomainError`. Absent where no Error was thrown. */
  name?: string;
  /** The error's own message, without its causes. */
  message: string;
  /** What a DomainError's message is made from. */
  details?: ErrorDetails;
}

/** Why a spec failed. */
export interface SpecFailure extends ThrownError {
  stack?: string;
  /** What caused the error, nearest first. */
  causes?: ThrownError[];
  /** Expected and actual value of an assertion, line by line, where the message does not show the difference. */
  difference?: string;
  /** What failed in cleaning up after the spec, in order. */
  afterwards?: ThrownError[];
  /** What the cluster looked like when the spec failed. */
  diagnosis?: FailureDiagnosis;
  /** What the spec has left on nodes, a line each. */
  left?: readonly string[];
}

type WithoutTime<E> = E extends unknown ? Omit<E, 'at'> : never;

/** Hands events to every reader in the order they subscribed. A reader that throws does not stop the others. */
export class EventStream {
  readonly #readers: ((event: RunEvent) => void)[] = [];
  readonly #brokenReaders: unknown[] = [];

  /** Adds a reader; it sees the events from now on. */
  subscribe(reader: (event: RunEvent) => void): void {
    this.#readers.push(reader);
  }

  /** Stamps the event with the time and hands it on. */
  emit(event: WithoutTime<RunEvent>): void {
    const stamped = { ...event, at: new Date() } as RunEvent;
    for (const reader of this.#readers) {
      try {
        reader(stamped);
      } catch (error) {
        this.#brokenReaders.push(error);
      }
    }
  }

  /** What readers threw, for the end of the run: a broken report must not hide a verdict, nor go unseen. */
  get readerErrors(): readonly unknown[] {
    return this.#brokenReaders;
  }
}
