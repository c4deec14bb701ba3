import type { Component } from './component-log.ts';
import type { Moment } from './moment.ts';
import type { MountGraph } from './mount-graph.ts';

/** The lanes of a trace, in the order in which work reaches them. */
export const lanes = [
  { id: 'api', title: 'API server', short: 'API' },
  { id: 'controller', title: 'PersistentVolumeController', short: 'PV controller' },
  { id: 'scheduler', title: 'scheduler, VolumeBinding', short: 'scheduler' },
  { id: 'populator', title: 'kubelet, desired-state populator', short: 'populator' },
  { id: 'reconciler', title: 'kubelet, VolumeManagerReconciler', short: 'reconciler' },
  { id: 'runtime', title: 'container runtime', short: 'runtime' },
] as const;

export type LaneId = (typeof lanes)[number]['id'];

/** The parts of the process, in order. A step keeps its part whenever it happens. */
export const phases = [
  { id: 'offer', title: 'the volume is offered, the claim is made' },
  { id: 'bind', title: 'volume and claim are bound' },
  { id: 'schedule', title: 'the pod is scheduled' },
  { id: 'attach', title: 'attach' },
  { id: 'mount', title: 'mount' },
  { id: 'start', title: 'the containers start' },
] as const;

export type PhaseId = (typeof phases)[number]['id'];

/**
 * The clock of a time. `observer`: when a watch event arrived here. `api-server`: what the API server wrote into an
 * object. `component`: what a component wrote into its log or its Event.
 */
export type ClockId = 'observer' | 'api-server' | 'component';

/** The source of a step's record. */
export type Source =
  | { kind: 'watch'; object: string; resourceVersion: string }
  /** A time that the API keeps in the object itself, with a resolution of a second. */
  | { kind: 'object'; object: string; field: string; resourceVersion: string }
  | { kind: 'event'; name: string; reason: string; count: number; component: string; message: string }
  | { kind: 'log'; component: Component; node: string; origin: string; text: string };

/** What is known of a step. Nothing is filled in: a step without a record has a reason. */
export type StepRecord =
  | {
      state: 'seen';
      at: Moment;
      /**
       * The latest possible time, where a component's record shows it: before its watch event arrived, or within its
       * second.
       */
      noLaterThan?: Moment;
      /** The resolution of the clock in milliseconds: 1000, 1 or 0.001. */
      resolution: 1000 | 1 | 0.001;
      clock: ClockId;
      source: Source;
      /** The manager that wrote it, from the API server's own record. */
      by?: string;
      /** Repetitions: how often in all, and when last. */
      repeated?: { times: number; last: Moment };
    }
  /** It happened, or may have, and left no readable record. */
  | { state: 'not seen'; why: string }
  /** The process has not come so far. */
  | { state: 'not reached'; why: string };

/** One step of a pod on its way to its volume. */
export interface Step {
  /** Stable, such as `volume-reserved`; with the volume's name where the pod has several. */
  id: string;
  lane: LaneId;
  phase: PhaseId;
  what: string;
  /** Whether the step is a failure or a refusal. */
  trouble: boolean;
  /** What in Kubernetes itself delays it, such as a poll. */
  waits?: string;
  record: StepRecord;
}

/** The empty phase before the mount, and the evidence that it is empty. */
export interface AttachPhase {
  state: 'empty' | 'not empty' | 'not known';
  /** One line each, with its source. */
  proofs: string[];
}

/** How the times of a trace relate. */
export interface Clocks {
  /** `one`: all by one kernel clock. `apart`: the API's times and the components' times are two sequences. */
  axes: 'one' | 'apart';
  statement: string;
}

/** A volume of the pod that is a Local PersistentVolume, or a claim that may get one. */
export interface TracedVolume {
  /** Its name in the pod. */
  name: string;
  claim: string;
  /** The PersistentVolume, where there is one. */
  volume: string | null;
  mode: 'Filesystem' | 'Block';
  binding: 'Immediate' | 'WaitForFirstConsumer';
  className: string;
  /** The path of the volume on its node. */
  path: string | null;
  ephemeral: boolean;
  readOnly: boolean;
}

/** How a pod got its local volumes, as its components recorded it. Pure data. */
export interface Trace {
  version: 1;
  title: string;
  pod: { namespace: string; name: string; uid: string; node: string | null };
  kubernetes: string | null;
  volumes: TracedVolume[];
  clocks: Clocks;
  /** In order. With axes apart: the API's steps, then the components'. */
  steps: Step[];
  attach: AttachPhase;
  mounts: MountGraph[];
  outcome: {
    state: 'runs' | 'stuck' | 'starting' | 'ended';
    sentence: string;
    /** Why it is stuck, as far as it can be derived. */
    diagnosis?: string;
  };
  /** What a reader must know to interpret the trace, such as logs that could not be read. */
  notes: string[];
}

/** Returns the sequence of a step where clocks are apart; undefined for a step without a record. */
export function axisOf({ record }: Step): 'api' | 'components' | undefined {
  if (record.state !== 'seen') return undefined;
  return record.clock === 'component' ? 'components' : 'api';
}
