import { eventCount, eventTime, type StoreView } from '../../clusters/api/object-history.ts';
import type { Event } from '../../clusters/api/objects.ts';
import { type Moment, millisecondsOf, momentOf } from './moment.ts';
import type { StepRecord } from './trace.ts';

/** How a step is known from an Event about an object; undefined where there is none with that reason. */
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
 * When an Event first happened, by its component's clock. Most components write seconds; client-go's recorder puts the
 * nanoseconds of the same moment, in hexadecimal, at the end of the Event's name (tools/record/event.go, makeEvent).
 */
export function firstTimeOf(event: Event): { at: Moment; resolution: 1000 | 0.001 } {
  if (event.eventTime) return { at: momentOf(millisecondsOf(event.eventTime)), resolution: 0.001 };
  const written = event.firstTimestamp ?? event.metadata.creationTimestamp;
  const second = millisecondsOf(written);
  const [, hex] = /\.([0-9a-f]{14,16})$/.exec(event.metadata.name) ?? [];
  const named = hex === undefined ? Number.NaN : Number(BigInt(`0x${hex}`) / 1000n) / 1000;
  // The name is anybody's to choose: it counts only where it says the same second.
  if (named >= second && named < second + 1000) return { at: momentOf(named), resolution: 0.001 };
  return { at: momentOf(second, 0), resolution: 1000 };
}
