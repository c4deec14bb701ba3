import { DomainError } from '../../clusters/errors/domain-error.ts';
import { currentSpec } from '../runner/current-spec.ts';
import { evidence } from '../runner/evidence.ts';
import { testCluster } from '../runner/test-cluster.ts';
import { gatherRecords } from '../trace/gather.ts';
import { makeTrace } from '../trace/make-trace.ts';
import { openReader } from '../trace/reader.ts';
import type { Step, Trace } from '../trace/trace.ts';
import type { PodHandle } from './handles.ts';

/** One step of a pod on its way to its volume, by a component's own record. */
export interface ProcessStep {
  /** RFC 3339, with the digits that the component's clock has. */
  at: string;
  /** The component: from an event's source, from the field manager of what it wrote, or from its own log. */
  by: string;
  what: string;
}

/** The steps of a trace that are the process, in the scenario's words. */
const process: readonly { id: string; what: (node: string) => string }[] = [
  { id: 'claim-created', what: () => 'the claim is created' },
  { id: 'claim-waits', what: () => 'the claim waits for its first consumer' },
  { id: 'pod-created', what: () => 'the pod is created' },
  { id: 'volume-reserved', what: () => 'the volume is reserved for the claim' },
  { id: 'claim-bound', what: () => 'the claim is bound' },
  { id: 'pod-scheduled', what: (node) => `the pod is scheduled to ${node}` },
  { id: 'mounted', what: () => 'VolumeManagerReconciler mounts the volume' },
  { id: 'pod-running', what: () => 'the container runs' },
];

/**
 * Returns in order which component did what for a pod with a local volume. The source is its trace: watch events, Event
 * objects and logs of the components. The trace is kept as evidence. @throws DomainError for a step without a record
 */
export async function recordProcess(pod: PodHandle): Promise<ProcessStep[]> {
  const trace = await traceOf(pod);
  evidence.keep('trace', trace);
  currentSpec().traces.push(trace);
  // The line at the beginning of the mount is the reconciler's own: it shows which component mounts.
  recorded(trace, 'mount-started');
  const ids = process.map(({ id }) => id);
  for (const id of ids) recorded(trace, id);
  return trace.steps.flatMap((step) => {
    const known = process.find(({ id }) => id === step.id);
    if (!known || step.record.state !== 'seen') return [];
    return [{ at: step.record.at, by: authorOf(pod, step), what: known.what(trace.pod.node ?? '?') }];
  });
}

/** Returns the trace of a pod that this run has watched from its beginning. */
export async function traceOf(pod: PodHandle): Promise<Trace> {
  const { facts, store, node } = await testCluster();
  using reader = await openReader(facts.kubeconfig);
  return makeTrace(
    await gatherRecords({
      title: `${currentSpec().id}: ${pod.name}`,
      pod: pod.now,
      store,
      reader,
      access: async (name) => ({ node: node(name) }),
      signal: currentSpec().signal,
    }),
  );
}

function recorded(trace: Trace, id: string): Step {
  const step = trace.steps.find((one) => one.id === id);
  if (step?.record.state === 'seen') return step;
  throw new DomainError(
    {
      attempted: 'recording who did what for a pod with a local volume',
      seen: `there is no record of the step ${id}${step ? ` (${step.what}): ${step.record.why}` : ''}`,
      why: 'a step is only claimed where a component has recorded it',
    },
    { exit: 'doesNotConform' },
  );
}

function authorOf(pod: PodHandle, { id, record, lane }: Step): string {
  if (record.state !== 'seen') return '?';
  const { source, by } = record;
  // Binding a pod leaves no field manager; an Event names the component.
  if (id === 'pod-scheduled') {
    const event = pod.store.eventsOf(pod.ref).find(({ reason }) => reason === 'Scheduled');
    return event?.reportingComponent || event?.source?.component || '?';
  }
  if (id === 'pod-running') return 'kubelet';
  if (source.kind === 'event' || source.kind === 'log') return source.component;
  return by ?? (lane === 'api' ? 'kube-apiserver' : '?');
}
