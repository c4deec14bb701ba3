import { type ObjectRef, titleOf } from '../../clusters/api/kinds.ts';
import { eventCount, eventTime, type StoreView } from '../../clusters/api/object-history.ts';
import { stateOf } from '../../clusters/api/object-state.ts';
import { redact } from '../../clusters/text/redact.ts';
import { aligned } from './text.ts';

const changesShown = 8;

/** Returns the last changes of an object under its name, oldest first: when seen, its resourceVersion, its state. */
export function changesOf(view: StoreView, ref: ObjectRef): string[] {
  const history = view.history(ref);
  const earlier = history.length - changesShown;
  const rows = history.slice(-changesShown).map(({ at, type, observed, resourceVersion, object }) => {
    const missed = observed === 'relist' ? ' (found by listing again)' : '';
    const state = type === 'DELETED' ? `deleted, was ${stateOf(object)}` : stateOf(object);
    return [`  ${timeOfDay(at)}`, resourceVersion, `${state}${missed}`];
  });
  return [
    titleOf(ref),
    ...(earlier > 0 ? [`  (${earlier} earlier changes)`] : []),
    ...(rows.length > 0 ? aligned(rows) : ['  never seen']),
  ];
}

/** Returns the events about objects, in the order in which they last happened, a line each. */
export function eventsInOrder(view: StoreView, refs: readonly ObjectRef[]): string[] {
  return refs
    .flatMap((ref) => view.eventsOf(ref).map((event) => ({ ref, event, time: eventTime(event) })))
    .toSorted((a, b) => a.time - b.time)
    .map(({ ref, event, time }) => {
      const by = event.reportingComponent || event.source?.component || '?';
      const count = eventCount(event);
      const head = `${event.type} ${event.reason}${count > 1 ? ` ×${count}` : ''}`;
      // Secrets go before the line ends do: a private key is known by its lines.
      const message = redact(event.message ?? '').replace(/\s+/g, ' ');
      return `${timeOfDay(new Date(time))}  ${by}  ${titleOf(ref)}  ${head}: ${message.trim()}`;
    });
}

/** Returns the time of day in UTC, with milliseconds: `08:30:01.123`. */
export function timeOfDay(at: Date): string {
  return at.toISOString().slice(11, 23);
}
