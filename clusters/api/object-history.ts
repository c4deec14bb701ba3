import type { Change, ChangeType, Observed } from './changes.ts';
import { type Clock, systemClock } from './clock.ts';
import { kinds, type ObjectRef } from './kinds.ts';
import type { Event, Kind, ObjectOf } from './objects.ts';

/** One change of one object, and its time of arrival. */
export interface Seen<T> {
  /** The wall-clock time of arrival. */
  at: Date;
  /** The same moment in milliseconds of the monotonic clock, for durations. */
  monotonic: number;
  type: ChangeType;
  /** `relist`: found by comparing lists, so it stands for at least one missed event. */
  observed: Observed;
  resourceVersion: string;
  object: T;
}

/** Selects objects of a kind; an empty filter selects all. */
export interface ListFilter<T> {
  namespace?: string | undefined;
  /** Labels that the object must have. */
  labels?: Readonly<Record<string, string>>;
  where?: (object: T) => boolean;
}

/** Queries on the observed objects. None of them makes a request. */
export interface StoreView {
  readonly clock: Clock;
  /** Returns the last observed state of the object; undefined if it does not exist (any more). */
  get<K extends Kind>(ref: ObjectRef<K>): ObjectOf[K] | undefined;
  /** Returns the present objects of a kind, sorted by namespace and name. */
  list<K extends Kind>(kind: K, filter?: ListFilter<ObjectOf[K]>): ObjectOf[K][];
  /**
   * Returns all observed changes of the object, oldest first, including deletions and later objects of the same name.
   */
  history<K extends Kind>(ref: ObjectRef<K>): readonly Seen<ObjectOf[K]>[];
  /**
   * Returns the events about an object in the order of time, each in its last observed state, including those that the
   * API has dropped since.
   */
  eventsOf(subject: ObjectRef | { uid: string }): Event[];
  /** Calls back after each change. Returns a function that ends the subscription. */
  onChange(listener: () => void): () => void;
}

/** Keeps the present objects and all their recorded changes. It has no connection to a cluster. */
export class ObjectHistory implements StoreView {
  readonly clock: Clock;
  /** By kind, then by namespace and name, in the order of first observation. */
  readonly #histories = new Map<Kind, Map<string, Seen<ObjectOf[Kind]>[]>>();
  /**
   * The objects that exist, by kind, namespace and key. Waits list them at every change of a run, in which most objects
   * are gone already, or in the namespace of another spec.
   */
  readonly #present = new Map<Kind, Map<string | undefined, Map<string, ObjectOf[Kind]>>>();
  /** Keys of the events about each object, because a run of hundreds of specs records thousands of events. */
  readonly #eventsAbout = new Map<string, Set<string>>();
  readonly #listeners = new Set<() => void>();

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
  }

  /** Records a change and notifies the listeners. */
  record<K extends Kind>(kind: K, { type, observed, object }: Change<ObjectOf[K]>): void {
    const { namespace, name, resourceVersion } = object.metadata;
    const key = keyOf({ kind, namespace, name });
    const entry = { at: this.clock.now(), monotonic: this.clock.monotonic(), type, observed, resourceVersion, object };
    const ofKind = this.#histories.get(kind) ?? new Map<string, Seen<ObjectOf[Kind]>[]>();
    this.#histories.set(kind, ofKind);
    const history = ofKind.get(key);
    if (history) history.push(entry);
    else ofKind.set(key, [entry]);
    this.#keepPresent(kind, key, entry);
    if (kind === 'Event') this.#index(key, object as Event);
    this.announce();
  }

  #keepPresent(kind: Kind, key: string, { type, object }: Seen<ObjectOf[Kind]>): void {
    const { namespace } = object.metadata;
    const ofKind = this.#present.get(kind) ?? new Map<string | undefined, Map<string, ObjectOf[Kind]>>();
    this.#present.set(kind, ofKind);
    const here = ofKind.get(namespace) ?? new Map<string, ObjectOf[Kind]>();
    if (type === 'DELETED') here.delete(key);
    else here.set(key, object);
    if (here.size === 0) ofKind.delete(namespace);
    else ofKind.set(namespace, here);
  }

  #index(key: string, event: Event): void {
    for (const subject of subjectKeysOf(event)) {
      const keys = this.#eventsAbout.get(subject) ?? new Set();
      this.#eventsAbout.set(subject, keys.add(key));
    }
  }

  /** Notifies the listeners of a change that is not in an object, such as the state of a connection. */
  announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  get<K extends Kind>(ref: ObjectRef<K>): ObjectOf[K] | undefined {
    const last = this.#of(ref).at(-1);
    return last && last.type !== 'DELETED' ? last.object : undefined;
  }

  list<K extends Kind>(kind: K, filter: ListFilter<ObjectOf[K]> = {}): ObjectOf[K][] {
    const labels = Object.entries(filter.labels ?? {});
    const ofKind = this.#present.get(kind) as ReadonlyMap<string | undefined, Map<string, ObjectOf[K]>> | undefined;
    const { namespace } = filter;
    const places = namespace === undefined ? [...(ofKind?.values() ?? [])] : [ofKind?.get(namespace) ?? new Map()];
    return places
      .flatMap((here) => [...here])
      .filter(([, { metadata }]) => labels.every(([name, value]) => metadata.labels?.[name] === value))
      .filter(([, object]) => filter.where?.(object) ?? true)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  history<K extends Kind>(ref: ObjectRef<K>): readonly Seen<ObjectOf[K]>[] {
    return [...this.#of(ref)];
  }

  /** Returns all observed changes of the objects of a kind, in the order in which they arrived. */
  changes<K extends Kind>(kind: K): Seen<ObjectOf[K]>[] {
    const histories = [...(this.#histories.get(kind)?.values() ?? [])] as unknown as Seen<ObjectOf[K]>[][];
    return histories.flat().sort((a, b) => a.monotonic - b.monotonic);
  }

  /** Returns the changes of an object: the list itself, which grows with every change. */
  #of<K extends Kind>(ref: ObjectRef<K>): readonly Seen<ObjectOf[K]>[] {
    return (this.#histories.get(ref.kind)?.get(keyOf(ref)) ?? []) as unknown as Seen<ObjectOf[K]>[];
  }

  /** Returns the history up to a moment of the monotonic clock. The clock of the copy is stopped at that moment. */
  upTo(monotonic: number): ObjectHistory {
    const ago = this.clock.monotonic() - monotonic;
    const past = new ObjectHistory(stopped(new Date(this.clock.now().getTime() - ago), monotonic));
    for (const [kind, histories] of this.#histories) {
      const earlier = [...histories].map(([key, history]) => {
        return [key, history.filter((seen) => seen.monotonic <= monotonic)] as const;
      });
      const known = new Map(earlier.filter(([, history]) => history.length > 0));
      past.#histories.set(kind, known);
      for (const [key, history] of known) {
        for (const last of history.slice(-1)) {
          past.#keepPresent(kind, key, last);
          if (kind === 'Event') past.#index(key, last.object as Event);
        }
      }
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
}

/** Returns a clock that stands still. */
function stopped(now: Date, monotonic: number): Clock {
  return { now: () => now, monotonic: () => monotonic, schedule: () => () => {} };
}

/**
 * Returns when an event last happened, in milliseconds since the epoch. Components fill different fields; the latest
 * wins.
 */
export function eventTime(event: Event): number {
  const { series, lastTimestamp, eventTime: happened, firstTimestamp, metadata } = event;
  const times = [series?.lastObservedTime, lastTimestamp, happened, firstTimestamp];
  const known = times.flatMap((time) => (time ? [Date.parse(time)] : []));
  return known.length > 0 ? Math.max(...known) : Date.parse(metadata.creationTimestamp);
}

/** Returns how often an event happened. */
export function eventCount(event: Event): number {
  return event.series?.count ?? event.count ?? 1;
}

/** Returns the keys of the subject of an event, which names both the object and its uid. */
function subjectKey(subject: ObjectRef | { uid: string }): string {
  return 'uid' in subject ? subject.uid : `${subject.kind} ${keyOf(subject)}`;
}

/**
 * Returns the keys under which an event is found. An object of a kind that is not followed is found by its uid alone.
 */
function subjectKeysOf({ involvedObject }: Event): string[] {
  const { kind, namespace, name, uid } = involvedObject;
  const known = kind !== undefined && name !== undefined && Object.hasOwn(kinds, kind);
  return [...(uid ? [uid] : []), ...(known ? [subjectKey({ kind: kind as Kind, namespace, name })] : [])];
}

function keyOf(ref: ObjectRef): string {
  return `${kinds[ref.kind].namespaced ? (ref.namespace ?? 'default') : ''}/${ref.name}`;
}
