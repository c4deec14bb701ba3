import type { Seen } from '../../clusters/api/object-history.ts';
import type { AnyObject } from '../../clusters/api/objects.ts';
import { DomainError } from '../../clusters/domain-error.ts';
import { kubeletLog } from '../../clusters/nodes/kubelet-log.ts';
import type { Node } from '../../clusters/nodes/node.ts';
import { evidence } from './evidence.ts';
import type { ClaimHandle, PodHandle, VolumeHandle } from './handles.ts';

/** One step of a pod on its way to its volume, by a component's own record. */
export interface ProcessStep {
  at: Date;
  /** The component: from an event's source, from the field manager of what it wrote, or from its own log. */
  by: string;
  what: string;
}

/**
 * Puts together who did what for a pod with a local volume, from watch events, Event objects and kubelet's log, and
 * orders it by revision and time. A step that left no record is an error: nothing is filled in.
 */
export async function recordProcess(of: {
  pod: PodHandle;
  claim: ClaimHandle;
  volume: VolumeHandle;
  node: Node;
}): Promise<ProcessStep[]> {
  const { pod, claim, volume, node } = of;
  const { store } = pod;
  const claims = store.history(claim.ref);
  const pods = store.history(pod.ref);
  const created = first(claims, 'the claim was created', () => true);
  const waiting = store.eventsOf(claim.ref).find(({ reason }) => reason === 'WaitForFirstConsumer');
  const waitingSeen =
    waiting && store.history({ kind: 'Event', namespace: waiting.metadata.namespace, name: waiting.metadata.name })[0];
  if (!waiting || !waitingSeen) throw noRecord('an event WaitForFirstConsumer about the claim');
  const podCreated = first(pods, 'the pod was created', () => true);
  const reserved = first(
    store.history(volume.ref),
    'the volume got its claimRef',
    ({ object }) => object.spec?.claimRef !== undefined,
  );
  const bound = first(claims, 'the claim became Bound', ({ object }) => object.status?.phase === 'Bound');
  const scheduled = first(pods, 'the pod got its node', ({ object }) => object.spec?.nodeName !== undefined);
  const scheduledBy = store.eventsOf(pod.ref).find(({ reason }) => reason === 'Scheduled');
  const running = first(
    pods,
    'its container ran',
    ({ object }) => object.status?.containerStatuses?.some(({ state }) => state?.running) ?? false,
  );

  const lines = await kubeletLog(node, podCreated.at, [volume.name]);
  evidence.keep(
    'kubelet-log',
    lines.map(({ at, origin, text }) => `${at.toISOString()}  ${origin}  ${text}`).join('\n'),
  );
  const started = lines.find(
    ({ origin, text }) => origin.startsWith('reconciler') && text.includes('operationExecutor.MountVolume started'),
  );
  const mounted = lines.find(({ text }) => text.includes('MountVolume.SetUp succeeded'));
  if (!started || !mounted) throw noRecord('lines of kubelet’s reconciler about mounting the volume');

  // The API server's steps stand in the order of its own revisions: watches of several kinds may arrive in another.
  const written: (ProcessStep & { revision: number })[] = [
    { at: created.at, revision: Number(created.resourceVersion), by: 'kube-apiserver', what: 'the claim is created' },
    {
      at: waitingSeen.at,
      revision: Number(waitingSeen.resourceVersion),
      by: waiting.source?.component ?? waiting.reportingComponent ?? '?',
      what: 'the claim waits for its first consumer',
    },
    {
      at: podCreated.at,
      revision: Number(podCreated.resourceVersion),
      by: 'kube-apiserver',
      what: 'the pod is created',
    },
    {
      at: reserved.at,
      revision: Number(reserved.resourceVersion),
      by: writerOf(reserved.object, 'f:claimRef'),
      what: 'the volume is reserved for the claim',
    },
    {
      at: bound.at,
      revision: Number(bound.resourceVersion),
      by: writerOf(bound.object, 'f:volumeName'),
      what: 'the claim is bound',
    },
    {
      at: scheduled.at,
      revision: Number(scheduled.resourceVersion),
      by: scheduledBy?.reportingComponent || scheduledBy?.source?.component || '?',
      what: `the pod is scheduled to ${node.name}`,
    },
    { at: running.at, revision: Number(running.resourceVersion), by: 'kubelet', what: 'the container runs' },
  ];
  const steps: ProcessStep[] = written
    .sort((a, b) => a.revision - b.revision)
    .map(({ at, by, what }) => ({ at, by, what }));
  const mount = { at: mounted.at, by: 'kubelet', what: 'VolumeManagerReconciler mounts the volume' };
  const next = steps.findIndex(({ at }) => at > mount.at);
  return steps.toSpliced(next < 0 ? steps.length : next, 0, mount);
}

function first<T>(history: readonly Seen<T>[], what: string, holds: (seen: Seen<T>) => boolean): Seen<T> {
  const found = history.find(holds);
  if (!found) throw noRecord(`a change by which ${what}`);
  return found;
}

/** Who wrote a field, by the API server's own bookkeeping (`metadata.managedFields`). */
function writerOf(object: AnyObject, field: string): string {
  const entries = object.metadata.managedFields ?? [];
  const entry = entries.find(({ fieldsV1 }) => JSON.stringify(fieldsV1 ?? {}).includes(`"${field}"`));
  return entry?.manager ?? '?';
}

function noRecord(what: string): DomainError {
  return new DomainError(
    {
      attempted: 'recording who did what for a pod with a local volume',
      seen: `there is no record: ${what}`,
      why: 'a step is only claimed where a component has recorded it',
    },
    { exit: 'doesNotConform' },
  );
}
