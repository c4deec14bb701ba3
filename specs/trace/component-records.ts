import { eventCount, eventTime, type StoreView } from '../../clusters/api/object-history.ts';
import type { Event } from '../../clusters/api/objects.ts';
import type { LogLine } from './component-log.ts';
import type { KnownLine } from './log-lines.ts';
import { type Moment, millisecondsOf, momentOf } from './moment.ts';
import type { Caught } from './steps.ts';
import type { Subject, SubjectVolume } from './subject.ts';
import type { StepRecord } from './trace.ts';

/** A line that shows a step, with the groups that its pattern matched. */
export interface MatchedLine {
  step: string;
  line: LogLine;
  caught: Caught;
  /** The volume that the line is about; undefined for lines about the pod. */
  volume: SubjectVolume | undefined;
}

/** Returns the lines of the components' logs that are about this pod and its volumes, sorted by their own times. */
export function matchLines(lines: readonly LogLine[], known: readonly KnownLine[], subject: Subject): MatchedLine[] {
  const matched = lines.flatMap((line) =>
    known.flatMap(({ step, component, pattern }) => {
      const caught = component === line.component ? pattern.exec(line.text)?.groups : undefined;
      const match = caught && whose(caught, line, subject);
      return match ? [{ step, line, ...match }] : [];
    }),
  );
  return matched.sort((a, b) => millisecondsOf(a.line.at) - millisecondsOf(b.line.at));
}

/** Returns the line if it is about the subject: every group that names an object must name one of the subject's. */
function whose(caught: Caught, line: LogLine, subject: Subject): Omit<MatchedLine, 'step' | 'line'> | undefined {
  const { metadata } = subject.pod;
  const { pod, uid, claim, volume: volumeName, container } = caught;
  if (pod !== undefined && pod !== `${metadata.namespace}/${metadata.name}`) return undefined;
  if (uid !== undefined && uid !== metadata.uid) return undefined;
  const containerName = container === undefined ? undefined : subject.containers.get(container);
  if (container !== undefined && containerName === undefined) return undefined;
  let volume: SubjectVolume | undefined;
  if (claim !== undefined || volumeName !== undefined) {
    volume = subject.volumes.find(
      (candidate) =>
        (claim === undefined || claim === candidate.claimTitle) &&
        (volumeName === undefined || volumeName === candidate.volumeName),
    );
    if (!volume) return undefined;
  }
  // Names outlive their objects: a line that is older than the object was about another object of the name.
  const names = [
    ...(pod === undefined ? [] : [metadata.creationTimestamp]),
    ...(claim === undefined ? [] : [volume?.claim?.metadata.creationTimestamp]),
    ...(volumeName === undefined ? [] : [volume?.volume?.metadata.creationTimestamp]),
  ];
  const at = millisecondsOf(line.at);
  if (names.some((created) => created !== undefined && at < millisecondsOf(created))) return undefined;
  return { caught: containerName === undefined ? caught : { ...caught, containerName }, volume };
}

/**
 * Returns the record of a step from the lines that show it: the first line, and how often it was repeated where that
 * matters.
 */
export function logRecord(
  matches: readonly MatchedLine[],
  again = false,
): (StepRecord & { state: 'seen' }) | undefined {
  const [first] = matches;
  const last = matches.at(-1);
  if (!first || !last) return undefined;
  const { component, node, origin, text, at } = first.line;
  const source = { kind: 'log', component, node, origin, text } as const;
  const repeated = again && matches.length > 1 ? { repeated: { times: matches.length, last: last.line.at } } : {};
  return { state: 'seen', at, resolution: 0.001, clock: 'component', source, ...repeated };
}

/** Returns the record of a step from an Event about an object; undefined where there is no Event with that reason. */
export function eventRecord(
  store: StoreView,
  uid: string,
  holds: (event: Event) => boolean,
): (StepRecord & { state: 'seen' }) | undefined {
  const event = store.eventsOf({ uid }).find(holds);
  if (!event) return undefined;
  const { at, resolution } = firstTimeOf(event);
  const count = eventCount(event);
  const source = {
    kind: 'event',
    name: `${event.metadata.namespace ?? 'default'}/${event.metadata.name}`,
    reason: event.reason ?? '',
    count,
    component: event.reportingComponent || event.source?.component || '?',
    message: event.message ?? '',
  } as const;
  const repeated = count > 1 ? { repeated: { times: count, last: momentOf(eventTime(event), 0) } } : {};
  return { state: 'seen', at, resolution, clock: 'component', source, ...repeated };
}

/**
 * Returns when an Event first happened, by its component's clock. Most components write seconds. client-go's recorder
 * puts the nanoseconds of the same moment, in hexadecimal, at the end of the Event's name (tools/record/event.go,
 * makeEvent).
 */
export function firstTimeOf(event: Event): { at: Moment; resolution: 1000 | 0.001 } {
  if (event.eventTime) return { at: momentOf(millisecondsOf(event.eventTime)), resolution: 0.001 };
  const written = event.firstTimestamp ?? event.metadata.creationTimestamp;
  const second = millisecondsOf(written);
  const [, hex] = /\.([0-9a-f]{14,16})$/.exec(event.metadata.name) ?? [];
  const named = hex === undefined ? Number.NaN : Number(BigInt(`0x${hex}`) / 1000n) / 1000;
  // Any client may choose such a name: it counts only where it is within the same second.
  if (named >= second && named < second + 1000) return { at: momentOf(named), resolution: 0.001 };
  return { at: momentOf(second, 0), resolution: 1000 };
}
