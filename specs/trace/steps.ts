import type { Component } from './component-log.ts';
import type { SubjectVolume } from './subject.ts';
import type { LaneId, PhaseId } from './trace.ts';

/** The text of the groups in a line's pattern. */
export type Caught = Readonly<Record<string, string | undefined>>;

/** The names of volume and claim in a step: their own where the pod has several. */
export interface Called {
  volume: string;
  claim: string;
  mode: SubjectVolume['mode'];
}

/** A step that the process may have. The table below is in the order in which steps follow from one another. */
export interface StepKind {
  id: string;
  lane: LaneId;
  phase: PhaseId;
  /** Once for the pod, or for each of its local volumes. */
  per: 'pod' | 'volume';
  /** Its source: the API's objects, Events of a component, or a component's log. */
  from: { kind: 'api' } | { kind: 'event'; reason: string } | { kind: 'log'; component: Component; orEvent?: string };
  what(called: Called, caught: Caught): string;
  /** Whether the process has this step at all. */
  when?(volume: SubjectVolume): boolean;
  /** A detail is shown where it was seen, and not reported as missing. */
  detail?: boolean;
  trouble?: boolean;
  /** The number of repetitions matters: the step is retried. */
  again?: boolean;
  /** What in Kubernetes itself delays it, such as a poll, with the place of the constant in its source. */
  waits?: string;
  /**
   * Steps of components that show, by their own clock, that this step of the API server has happened: a watch event
   * arrives later than its change.
   */
  shownBy?: readonly string[];
}

const waits = (volume: SubjectVolume): boolean => volume.binding === 'WaitForFirstConsumer';
const atOnce = (volume: SubjectVolume): boolean => !waits(volume);
const asFiles = (volume: SubjectVolume): boolean => volume.mode === 'Filesystem';
const asDevice = (volume: SubjectVolume): boolean => volume.mode === 'Block';

const controller = { kind: 'log', component: 'kube-controller-manager' } as const;
const scheduler = { kind: 'log', component: 'kube-scheduler' } as const;
const kubelet = { kind: 'log', component: 'kubelet' } as const;
const runtime = { kind: 'log', component: 'containerd' } as const;
const api = { kind: 'api' } as const;

/** Every step, in the order in which they follow from one another. */
export const stepKinds: readonly StepKind[] = [
  {
    id: 'volume-created',
    lane: 'api',
    phase: 'offer',
    per: 'volume',
    from: api,
    shownBy: ['volume-available', 'volume-chosen', 'volume-fits'],
    what: ({ volume }) => `${volume} is created`,
    when: (volume) => volume.volumeName !== undefined,
  },
  {
    id: 'volume-available',
    lane: 'controller',
    phase: 'offer',
    per: 'volume',
    from: controller,
    what: ({ volume }) => `calls ${volume} Available`,
    detail: true,
  },
  {
    id: 'claim-created',
    lane: 'api',
    phase: 'offer',
    per: 'volume',
    from: api,
    shownBy: ['claim-looked-at', 'claim-waits', 'volume-chosen'],
    what: ({ claim }) => `${claim} is created`,
  },
  {
    id: 'claim-looked-at',
    lane: 'controller',
    phase: 'offer',
    per: 'volume',
    from: controller,
    what: ({ claim }) => `looks at ${claim}: binds no volume yet`,
    when: waits,
    detail: true,
  },
  {
    id: 'claim-waits',
    lane: 'controller',
    phase: 'offer',
    per: 'volume',
    from: { kind: 'event', reason: 'WaitForFirstConsumer' },
    what: ({ claim }) => `${claim} waits for its first consumer`,
    when: (volume) => waits(volume) && !volume.ephemeral,
  },
  {
    id: 'volume-chosen',
    lane: 'controller',
    phase: 'bind',
    per: 'volume',
    from: controller,
    what: ({ volume, claim }) => `chooses ${volume} for ${claim}`,
    when: atOnce,
  },
  ...bound(atOnce, 'bind', [
    {
      id: 'volume-marked',
      lane: 'controller',
      per: 'volume',
      from: controller,
      what: ({ volume, claim }) => `has written ${claim} into ${volume}`,
      detail: true,
    },
  ]),
  {
    id: 'pod-created',
    lane: 'api',
    phase: 'schedule',
    per: 'pod',
    from: api,
    shownBy: ['pod-attempted'],
    what: () => 'the pod is created',
  },
  {
    id: 'pod-attempted',
    lane: 'scheduler',
    phase: 'schedule',
    per: 'pod',
    from: scheduler,
    again: true,
    what: () => 'takes up the pod',
  },
  {
    id: 'pod-unschedulable',
    lane: 'scheduler',
    phase: 'schedule',
    per: 'pod',
    from: { kind: 'event', reason: 'FailedScheduling' },
    again: true,
    what: (_, { message = '' }) => `finds no node: ${message}`,
    detail: true,
    trouble: true,
  },
  {
    id: 'volume-misfits',
    lane: 'scheduler',
    phase: 'schedule',
    per: 'volume',
    from: scheduler,
    again: true,
    what: ({ volume }, { node }) => `${volume} does not belong to ${node}`,
    detail: true,
  },
  {
    id: 'volume-fits',
    lane: 'scheduler',
    phase: 'schedule',
    per: 'volume',
    from: scheduler,
    what: ({ volume }, { node }) => `${volume} fits the pod on ${node ?? 'a node'}`,
  },
  {
    id: 'volumes-assumed',
    lane: 'scheduler',
    phase: 'schedule',
    per: 'pod',
    from: scheduler,
    what: (_, { node }) => `decides for ${node ?? 'a node'}`,
  },
  {
    id: 'reservation-sent',
    lane: 'scheduler',
    phase: 'bind',
    per: 'volume',
    from: scheduler,
    what: ({ volume, claim }) => `PreBind: reserves ${volume} for ${claim}`,
    when: waits,
  },
  ...bound(waits, 'bind', [
    {
      id: 'binding-awaited',
      lane: 'scheduler',
      per: 'volume',
      from: scheduler,
      what: () => 'waits for the binding: looks once a second',
    },
  ]),
  {
    id: 'binding-seen',
    lane: 'scheduler',
    phase: 'bind',
    per: 'pod',
    from: scheduler,
    waits: 'VolumeBinding looks once a second',
    what: () => 'sees all claims bound',
    when: waits,
  },
  {
    id: 'pod-scheduled',
    lane: 'api',
    phase: 'schedule',
    per: 'pod',
    from: api,
    shownBy: ['pod-bound', 'claim-read', 'volume-wanted'],
    what: () => 'the pod has its node',
  },
  {
    id: 'pod-bound',
    lane: 'scheduler',
    phase: 'schedule',
    per: 'pod',
    from: { ...scheduler, orEvent: 'Scheduled' },
    what: (_, { node }) => `has bound the pod to ${node ?? 'its node'}`,
  },
  {
    id: 'claim-read',
    lane: 'populator',
    phase: 'mount',
    per: 'volume',
    from: kubelet,
    waits: 'the populator looks every 100 ms',
    what: ({ volume, claim }) => `finds ${volume} behind ${claim}`,
  },
  {
    id: 'volume-wanted',
    lane: 'populator',
    phase: 'mount',
    per: 'volume',
    from: kubelet,
    what: ({ volume }) => `adds ${volume} to the desired state`,
  },
  {
    id: 'attach-verified',
    lane: 'reconciler',
    phase: 'mount',
    per: 'volume',
    from: kubelet,
    waits: 'the reconciler looks every 100 ms',
    what: ({ volume }) => `takes ${volume} as attached: nothing is to be done`,
  },
  {
    id: 'mount-started',
    lane: 'reconciler',
    phase: 'mount',
    per: 'volume',
    from: kubelet,
    again: true,
    waits: 'the reconciler’s next round, 100 ms later',
    what: ({ volume, mode }) => `begins to ${mode === 'Block' ? 'map' : 'mount'} ${volume}`,
  },
  {
    id: 'mount-refused',
    lane: 'reconciler',
    phase: 'mount',
    per: 'volume',
    from: { ...kubelet, orEvent: 'FailedMount' },
    again: true,
    what: (_, { error, message = '' }) => `cannot mount: ${reasonOf(error ?? message)}`,
    detail: true,
    trouble: true,
  },
  {
    id: 'bind-mounted',
    lane: 'reconciler',
    phase: 'mount',
    per: 'volume',
    from: kubelet,
    what: (_, caught) => bindMount(caught),
    when: asFiles,
  },
  {
    id: 'device-bound',
    lane: 'reconciler',
    phase: 'mount',
    per: 'volume',
    from: kubelet,
    what: (_, caught) => bindMount(caught),
    when: asDevice,
  },
  {
    id: 'mounted',
    lane: 'reconciler',
    phase: 'mount',
    per: 'volume',
    from: kubelet,
    what: ({ volume }) => `has mounted ${volume}`,
    when: asFiles,
  },
  {
    id: 'device-mapped',
    lane: 'reconciler',
    phase: 'mount',
    per: 'volume',
    from: kubelet,
    what: ({ volume }) => `has mapped the device of ${volume}`,
    when: asDevice,
  },
  {
    id: 'volumes-ready',
    lane: 'reconciler',
    phase: 'mount',
    per: 'pod',
    from: kubelet,
    waits: 'kubelet looks every 300 ms',
    what: () => 'all volumes of the pod are there',
  },
  {
    id: 'sandbox-run',
    lane: 'runtime',
    phase: 'start',
    per: 'pod',
    from: runtime,
    what: () => 'runs the pod’s sandbox',
  },
  {
    id: 'sub-path-bound',
    lane: 'runtime',
    phase: 'start',
    per: 'volume',
    from: kubelet,
    what: (_, { to }) => `kubelet binds the subPath${to === undefined ? '' : ` at ${shortPath(to)}`}`,
    when: (volume) => volume.places.some(({ subPath }) => subPath !== undefined),
  },
  {
    id: 'container-created',
    lane: 'runtime',
    phase: 'start',
    per: 'pod',
    from: { ...runtime, orEvent: 'Created' },
    what: (_, { containerName }) => `creates ${containerIn(containerName)} with its mounts`,
  },
  {
    id: 'container-started',
    lane: 'runtime',
    phase: 'start',
    per: 'pod',
    from: { ...runtime, orEvent: 'Started' },
    what: (_, { containerName }) => `starts ${containerIn(containerName)}`,
  },
  { id: 'pod-running', lane: 'api', phase: 'start', per: 'pod', from: api, what: () => 'kubelet reports it running' },
  { id: 'pod-ready', lane: 'api', phase: 'start', per: 'pod', from: api, what: () => 'the pod is Ready' },
];

type Inner = Omit<StepKind, 'phase' | 'when'>;

/**
 * Returns the steps by which volume and claim come to name each other. The binding mode decides who writes the first of
 * them.
 */
function bound(when: (volume: SubjectVolume) => boolean, phase: PhaseId, inner: readonly Inner[]): StepKind[] {
  return [
    {
      id: 'volume-reserved',
      lane: 'api',
      phase,
      per: 'volume',
      from: api,
      shownBy: ['volume-marked', 'binding-awaited', 'volume-bound', 'claim-marked'],
      what: ({ volume, claim }) => `${volume} names ${claim} (claimRef)`,
      when,
    },
    ...inner.map((step) => ({ ...step, phase, when })),
    {
      id: 'volume-bound',
      lane: 'controller',
      phase,
      per: 'volume',
      from: controller,
      what: ({ volume }) => `calls ${volume} Bound`,
      when,
    },
    {
      id: 'claim-marked',
      lane: 'controller',
      phase,
      per: 'volume',
      from: controller,
      what: ({ volume, claim }) => `has written ${volume} into ${claim}`,
      when,
      detail: true,
    },
    {
      id: 'claim-bound',
      lane: 'api',
      phase,
      per: 'volume',
      from: api,
      shownBy: ['binding-seen', 'pod-bound', 'claim-read'],
      what: ({ claim }) => `${claim} is Bound`,
      when,
    },
  ];
}

function bindMount({ from, to }: Caught): string {
  return from === undefined || to === undefined ? 'makes the bind mount' : `mount -o bind ${from} ${shortPath(to)}`;
}

function containerIn(name: string | undefined): string {
  return name === undefined ? 'the container' : `container ${name}`;
}

/** Shortens kubelet's long paths: removes what is before the pod's or plugin's own part. */
function shortPath(path: string): string {
  return path.replace(/^.*\/(pods|plugins)\//, '…/').replace(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f-]{22}/, '$1…');
}

/** Returns the end of kubelet's message, which is the reason, without the names before it. */
function reasonOf(message: string): string {
  const [, reason = message] = /(?:\(UID: "[^"]*"\)|for volume "[^"]+") : (.*)$/s.exec(message) ?? [];
  return reason.trim();
}
