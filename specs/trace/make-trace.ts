import { apiRecord } from './api-records.ts';
import type { LogLine } from './component-log.ts';
import { eventRecord, logRecord, type MatchedLine, matchLines } from './component-records.ts';
import { millisecondsOf } from './moment.ts';
import { mountGraphs } from './mount-graph.ts';
import { inOrder } from './order.ts';
import type { Records } from './records.ts';
import { attachPhase, clocksOf, outcomeOf } from './statements.ts';
import { type Called, type Caught, type StepKind, stepKinds } from './steps.ts';
import { type Subject, type SubjectVolume, subjectOf } from './subject.ts';
import type { Step, StepRecord, Trace } from './trace.ts';
import { whyUnseen } from './unseen.ts';

/** Returns the trace of a pod from its records. Pure: makes no request, and fills nothing in. */
export function makeTrace(records: Records): Trace {
  const { pod, store, title, kubernetes } = records;
  const subject = subjectOf(store, pod);
  const clocks = clocksOf(records.boots);
  const steps = judged(findSteps(records, subject), records);
  const ordered = inOrder(steps, clocks.axes);
  const { namespace = 'default', name, uid } = pod.metadata;
  return {
    version: 1,
    title,
    pod: { namespace, name, uid, node: pod.spec?.nodeName ?? null },
    kubernetes: kubernetes ?? null,
    volumes: subject.volumes.map((volume) => ({
      name: volume.name,
      claim: volume.claimName,
      volume: volume.volumeName ?? null,
      mode: volume.mode,
      binding: volume.binding,
      className: volume.className,
      path: volume.volume?.spec?.local?.path ?? null,
      ephemeral: volume.ephemeral,
      readOnly: volume.readOnly,
    })),
    clocks,
    steps: ordered,
    attach: attachPhase(records, subject),
    mounts: mountGraphs(records.node, subject),
    outcome: outcomeOf(pod, ordered, records.diagnosis),
    notes: notesOf(records, subject, ordered),
  };
}

/** A step of the table for this pod, with its record. */
interface Found {
  kind: StepKind;
  volume: SubjectVolume | undefined;
  step: Omit<Step, 'record'>;
  record: StepRecord | undefined;
}

function findSteps(records: Records, subject: Subject): Found[] {
  const lines: LogLine[] = records.logs.flatMap((log) => ('lines' in log ? log.lines : []));
  const matches = matchLines(lines, records.lines.lines, subject);
  const several = subject.volumes.length > 1;
  const found = stepKinds.flatMap((kind): Found[] => {
    const wanted = subject.volumes.filter((volume) => kind.when?.(volume) ?? true);
    if (wanted.length === 0) return [];
    const about = kind.per === 'pod' ? [undefined] : wanted;
    return about.map((volume): Found => {
      const { record, caught } = recordOf(kind, volume, records, subject, matches);
      const step = {
        id: several && volume ? `${kind.id}/${volume.name}` : kind.id,
        lane: kind.lane,
        phase: kind.phase,
        what: kind.what(called(volume, several), caught),
        trouble: kind.trouble ?? false,
        ...(kind.waits === undefined ? {} : { waits: kind.waits }),
      };
      return { kind, volume, step, record };
    });
  });
  return withoutAbsentParts(found, subject);
}

function called(volume: SubjectVolume | undefined, several: boolean): Called {
  const mode = volume?.mode ?? 'Filesystem';
  if (!several || !volume) return { volume: 'the volume', claim: 'the claim', mode };
  return { volume: volume.volumeName ?? `the volume of ${volume.name}`, claim: volume.claimName, mode };
}

function recordOf(
  { id, from, again }: StepKind,
  volume: SubjectVolume | undefined,
  { store }: Records,
  subject: Subject,
  matches: readonly MatchedLine[],
): { record: StepRecord | undefined; caught: Caught } {
  const { pod } = subject;
  if (from.kind === 'api') return { record: apiRecord(store, subject, volume, id), caught: {} };
  const about = (reason: string) => {
    // Lines of the controller name the claim; those of scheduler and kubelet name the pod.
    const uid = from.kind === 'event' && volume ? volume.claim?.metadata.uid : pod.metadata.uid;
    const names = (message = ''): boolean =>
      volume === undefined || from.kind === 'event' || message.includes(`"${volume.volumeName}"`);
    const record =
      uid === undefined
        ? undefined
        : eventRecord(store, uid, (event) => event.reason === reason && names(event.message));
    const message = record?.source.kind === 'event' ? record.source.message : undefined;
    return { record, caught: { message, ...nodeIn(message), containerName: undefined } };
  };
  if (from.kind === 'event') return about(from.reason);
  const own = matches.filter(
    (match) => match.step === id && (volume === undefined || match.volume === undefined || match.volume === volume),
  );
  const record = logRecord(own, again);
  if (record || from.orEvent === undefined) return { record, caught: own[0]?.caught ?? {} };
  // Block volumes are mapped where others are mounted.
  const said = about(from.orEvent);
  return said.record || from.orEvent !== 'FailedMount' ? said : about('FailedMapVolume');
}

function nodeIn(message: string | undefined): Caught {
  const [, node] = /^Successfully assigned \S+ to (\S+)$/.exec(message ?? '') ?? [];
  return node === undefined ? {} : { node };
}

/**
 * Removes the steps that this pod's process does not have: a claim that was bound before needs no binding, and so on.
 */
function withoutAbsentParts(found: readonly Found[], { pod, volumes }: Subject): Found[] {
  const timeOf = (id: string, volume?: SubjectVolume): number | undefined => {
    const record = found.find((one) => one.kind.id === id && one.volume === volume)?.record;
    return record?.state === 'seen' ? millisecondsOf(record.at) : undefined;
  };
  const created = timeOf('pod-created') ?? Number.NaN;
  const boundBefore = new Set(volumes.filter((volume) => (timeOf('claim-bound', volume) ?? created) < created));
  const direct = JSON.stringify(pod.metadata.managedFields ?? []).includes('"f:nodeName"');
  return found.filter(({ kind, volume, record }) => {
    if (record?.state === 'seen') return true;
    if (direct && (kind.lane === 'scheduler' || kind.id === 'pod-scheduled')) return false;
    if (volume && boundBefore.has(volume) && forThisPod.has(kind.id)) return false;
    if (kind.id === 'binding-seen' && volumes.every((one) => boundBefore.has(one))) return false;
    return !kind.detail;
  });
}

/** Steps of the scheduler only for claims that are not bound yet. */
const forThisPod: ReadonlySet<string> = new Set(['reservation-sent', 'binding-awaited']);

/** Steps of a pod before its claims are bound, or while they are not. */
const beforeBinding: ReadonlySet<string> = new Set([
  'pod-created',
  'pod-attempted',
  'pod-unschedulable',
  'volume-fits',
  'volume-misfits',
  'volumes-assumed',
]);

/**
 * Distinguishes steps without a record that have happened, because a later step shows it, from steps that have not
 * happened.
 */
function judged(found: readonly Found[], records: Records): Step[] {
  const seen = (one: Found): boolean => one.record?.state === 'seen' && !one.step.trouble;
  return found.map((one, index): Step => {
    const { kind, volume, step, record } = one;
    if (record) return { ...step, record };
    const early = kind.phase === 'offer' || kind.phase === 'bind';
    const follows = found
      .slice(index + 1)
      .some(
        (later) =>
          seen(later) &&
          (later.volume === undefined || volume === undefined || later.volume === volume) &&
          !(early && beforeBinding.has(later.kind.id)),
      );
    if (follows && kind.from.kind !== 'api')
      return { ...step, record: { state: 'not seen', why: whyUnseen(kind, records) } };
    return { ...step, record: { state: 'not reached', why: 'nothing shows that it has happened' } };
  });
}

function notesOf(records: Records, { others }: Subject, steps: readonly Step[]): string[] {
  const { logs, lines, kubernetes, unreadable, node } = records;
  const unread = logs.flatMap((log) => ('unread' in log ? [`${log.component}’s log was not read: ${log.unread}`] : []));
  const coarse = steps.some(
    ({ record }) => record.state === 'seen' && record.resolution === 1000 && !record.noLaterThan,
  );
  return [
    ...(coarse
      ? ['a time with ≈ has a resolution of a second: the API keeps no more of changes that were not watched']
      : []),
    ...(lines.recorded || logs.every((log) => 'unread' in log)
      ? []
      : [`log lines of ${kubernetes ?? 'this version'} are not recorded; they were read as those of ${lines.minor}`]),
    ...new Set(unread),
    ...unreadable.map(({ kind, why }) => `objects of kind ${kind} were not read: ${why}`),
    ...(node && 'unread' in node ? [`the node’s mounts were not read: ${node.unread}`] : []),
    ...(others.length > 0 ? [`other volumes of the pod, which are not local: ${others.join('; ')}`] : []),
  ];
}
