import type { Change, ChangeType, Observed } from './changes.ts';
import { type Clock, systemClock } from './clock.ts';
import { kinds, type ObjectRef } from './kinds.ts';
import type { Event, Kind, ObjectOf } from './objects.ts';

/** One change of one object, and when the harness saw it. */
export interface Seen<T> {
  /** Wall-clock time at which the change arrived here. */
  at: Date;
  /** The same moment in milliseconds of the monotonic clock, for durations. */
  monotonic: number;
  type: ChangeType;
  /** `relist`: found by comparing lists, so it stands for at least one event that was missed. */
  observed: Observed;
  resourceVersion: string;
  object: T;
}

/** Which objects of a kind to list; all of them where nothing is given. */
export interface ListFilter<T> {
  namespace?: string | undefined;
  /** Labels that the object must have. */
  labels?: Readonly<Record<string, string>>;
  where?: (object: T) => boolean;
}

/** What can be asked about the objects seen. Nothing here makes a request. */
export interface StoreView {
  readonly clock: Clock;
  /** The object as last seen; undefined where it is not there (any more). */
  get<K extends Kind>(ref: ObjectRef<K>): ObjectOf[K] | undefined;
  /** The objects of a kind that are there now, by namespace and name. */
  list<K extends Kind>(kind: K, filter?: ListFilter<ObjectOf[K]>): ObjectOf[K][];
  /** All that was seen of the object, oldest first, deletions and same-named successors included. */
  history<K extends Kind>(ref: ObjectRef<K>): readonly Seen<ObjectOf[K]>[];
  /**
   * The events about an object, in the order of their time, each as last seen, also when the API has dropped it since.
   */
  eventsOf(subject: ObjectRef | { uid: string }): Event[];
  /** Calls back after each change; the function returned ends that. */
  onChange(listener: () => void): () => void;
}

/** Keeps the current objects and everything that happened to them, as it is told. It knows no cluster. */
export class ObjectHistory implements StoreView {
  readonly clock: Clock;
  /** By kind, then by namespace and name, in the order in which the objects were first seen. */
  readonly #histories = new Map<Kind, Map<string, Seen<ObjectOf[Kind]>[]>>();
  /** Keys of the events about each object: a run of hundreds of specs sees thousands of events. */
  readonly #eventsAbout = new Map<string, Set<string>>();
  readonly #listeners = new Set<() => void>();

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
  }

  /** Takes a change in, and tells the listeners. */
  record<K extends Kind>(kind: K, { type, observed, object }: Change<ObjectOf[K]>): void {
    const { namespace, name, resourceVersion } = object.metadata;
    const key = keyOf({ kind, namespace, name });
    const entry = { at: this.clock.now(), monotonic: this.clock.monotonic(), type, observed, resourceVersion, object };
    const ofKind = this.#histories.get(kind) ?? new Map<string, Seen<ObjectOf[Kind]>[]>();
    this.#histories.set(kind, ofKind);
    const history = ofKind.get(key);
    if (history) history.push(entry);
    else ofKind.set(key, [entry]);
    if (kind === 'Event') this.#index(key, object as Event);
    this.announce();
  }

  #index(key: string, event: Event): void {
    for (const subject of subjectKeysOf(event)) {
      const keys = this.#eventsAbout.get(subject) ?? new Set();
      this.#eventsAbout.set(subject, keys.add(key));
    }
  }

  /** Tells the listeners that something changed which is no object, such as the state of a connection. */
  announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  get<K extends Kind>(ref: ObjectRef<K>): ObjectOf[K] | undefined {
    const last = this.#of(ref).at(-1);
    return last && last.type !== 'DELETED' ? last.object : undefined;
  }

  list<K extends Kind>(kind: K, filter: ListFilter<ObjectOf[K]> = {}): ObjectOf[K][] {
    const labels = Object.entries(filter.labels ?? {});
    return this.#lastOf(kind)
      .filter((seen) => seen.type !== 'DELETED')
      .map((seen) => seen.object)
      .filter(({ metadata }) => filter.namespace === undefined || metadata.namespace === filter.namespace)
      .filter(({ metadata }) => labels.every(([name, value]) => metadata.labels?.[name] === value))
      .filter((object) => filter.where?.(object) ?? true)
      .sort((a, b) => (keyOf({ kind, ...named(a) }) < keyOf({ kind, ...named(b) }) ? -1 : 1));
  }

  history<K extends Kind>(ref: ObjectRef<K>): readonly Seen<ObjectOf[K]>[] {
    return [...this.#of(ref)];
  }

  /** Grows as changes come. */
  #of<K extends Kind>(ref: ObjectRef<K>): readonly Seen<ObjectOf[K]>[] {
    return (this.#histories.get(ref.kind)?.get(keyOf(ref)) ?? []) as unknown as Seen<ObjectOf[K]>[];
  }

  /** What had been seen up to a moment of the monotonic clock, as it stood then: its own clock shows that moment. */
  upTo(monotonic: number): ObjectHistory {
    const ago = this.clock.monotonic() - monotonic;
    const past = new ObjectHistory(stopped(new Date(this.clock.now().getTime() - ago), monotonic));
    for (const [kind, histories] of this.#histories) {
      const earlier = [...histories].map(([key, history]) => {
        return [key, history.filter((seen) => seen.monotonic <= monotonic)] as const;
      });
      const known = new Map(earlier.filter(([, history]) => history.length > 0));
      past.#histories.set(kind, known);
      if (kind !== 'Event') continue;
      for (const [key, history] of known) for (const { object } of history.slice(-1)) past.#index(key, object as Event);
    }
    return past;
  }

  eventsOf(subject: ObjectRef | { uid: string }): Event[] {
    const histories = this.#histories.get('Event');
    const about = this.#eventsAbout.get(subjectKey(subject)) ?? new Set();
    const events = [...about].flatMap((key) => (histories?.get(key)?.at(-1)?.object as Event | undefined) ?? []);
    return events.sort((a, b) => eventTime(a) - eventTime(b));
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The last change of every object of a kind, in the order in which the objects were first seen. */
  #lastOf<K extends Kind>(kind: K): Seen<ObjectOf[K]>[] {
    const histories = [...(this.#histories.get(kind)?.values() ?? [])];
    return histories.flatMap((history) => history.slice(-1) as unknown as Seen<ObjectOf[K]>[]);
  }
}

/** A clock that stands still. */
function stopped(now: Date, monotonic: number): Clock {
  return { now: () => now, monotonic: () => monotonic, schedule: () => () => {} };
}

/** When an event last happened, in milliseconds since the epoch. Components fill different fields; the latest wins. */
export function eventTime(event: Event): number {
  const { series, lastTimestamp, eventTime: happened, firstTimestamp, metadata } = event;
  const times = [series?.lastObservedTime, lastTimestamp, happened, firstTimestamp];
  const known = times.flatMap((time) => (time ? [Date.parse(time)] : []));
  return known.length > 0 ? Math.max(...known) : Date.parse(metadata.creationTimestamp);
}

/** How often an event happened. */
export function eventCount(event: Event): number {
  return event.series?.count ?? event.count ?? 1;
}

/** Under what key events about something are found: events name both the object and its uid. */
function subjectKey(subject: ObjectRef | { uid: string }): string {
  return 'uid' in subject ? subject.uid : `${subject.kind} ${keyOf(subject)}`;
}

/** The keys under which an event is to be found. An object of a kind that is not followed is found by its uid alone. */
function subjectKeysOf({ involvedObject }: Event): string[] {
  const { kind, namespace, name, uid } = involvedObject;
  const known = kind !== undefined && name !== undefined && Object.hasOwn(kinds, kind);
  return [...(uid ? [uid] : []), ...(known ? [subjectKey({ kind: kind as Kind, namespace, name })] : [])];
}

function named({ metadata: { namespace, name } }: ObjectOf[Kind]): { namespace?: string | undefined; name: string } {
  return { namespace, name };
}

function keyOf(ref: ObjectRef): string {
  return `${kinds[ref.kind].namespaced ? (ref.namespace ?? 'default') : ''}/${ref.name}`;
}
