import { messageOf } from '../errors/domain-error.ts';

/** The metadata that the comparison of two lists reads. */
export interface Listed {
  metadata: { name: string; namespace?: string; uid: string; resourceVersion: string };
}

/** What happened to an object. */
export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

/**
 * How the harness learned of a change: from the first list, from a watch event, or by comparing a later list with the
 * known objects. A change found by a later list stands for at least one missed event, and its time is the time of the
 * list.
 */
export type Observed = 'list' | 'watch' | 'relist';

/** One change of one object. For `DELETED`, `object` is its last known state. */
export interface Change<T> {
  type: ChangeType;
  observed: Observed;
  object: T;
}

/** Returns the key of an object in a map of its kind: `namespace/name`. */
export function keyOf(object: Listed): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/**
 * Returns the changes that lead from the known objects to a new list: deletions first, then additions and modifications
 * in the order of the list. The replacement of an object by another one of the same name is a deletion and an addition.
 */
export function changesBetween<T extends Listed>(
  known: ReadonlyMap<string, T>,
  listed: readonly T[],
): Omit<Change<T>, 'observed'>[] {
  const uids = new Set(listed.map((object) => object.metadata.uid));
  const changes: Omit<Change<T>, 'observed'>[] = [...known.values()]
    .filter((object) => !uids.has(object.metadata.uid))
    .map((object) => ({ type: 'DELETED', object }));
  for (const object of listed) {
    const before = known.get(keyOf(object));
    if (before?.metadata.uid !== object.metadata.uid) changes.push({ type: 'ADDED', object });
    else if (before.metadata.resourceVersion !== object.metadata.resourceVersion)
      changes.push({ type: 'MODIFIED', object });
  }
  return changes;
}

/**
 * Returns whether the known objects are at least as new as a list. `deleted` has the uids of objects that were deleted
 * after the list was requested. Within a kind, a larger resourceVersion is newer: Kubernetes guarantees it since 1.35
 * (KEP-5504).
 */
export function isAsNewAs<T extends Listed>(
  known: ReadonlyMap<string, T>,
  list: { resourceVersion: string; items: readonly T[] },
  deleted: ReadonlySet<string>,
): boolean {
  const versionOf = ({ metadata }: Listed): number => Number(metadata.resourceVersion);
  const uids = new Set(list.items.map(({ metadata }) => metadata.uid));
  const brought = list.items.every((item) => {
    const ours = known.get(keyOf(item));
    if (ours?.metadata.uid !== item.metadata.uid) return deleted.has(item.metadata.uid);
    return ours.metadata.resourceVersion === item.metadata.resourceVersion || versionOf(ours) > versionOf(item);
  });
  const none = [...known.values()].filter(({ metadata }) => !uids.has(metadata.uid));
  return brought && none.every((object) => versionOf(object) > Number(list.resourceVersion));
}

/** The content of one line of a watch. */
export type WatchLine<T> =
  | { kind: 'change'; type: ChangeType; object: T; resourceVersion: string }
  | { kind: 'bookmark'; resourceVersion: string }
  /** The server ended the watch: the resourceVersion is too old. */
  | { kind: 'gone'; message: string }
  /** The server reported another error through the watch. */
  | { kind: 'error'; message: string }
  /** Not a watch event: cut off, or not JSON. */
  | { kind: 'garbage'; message: string };

/** Returns the content of one line of a watch. Never throws: a line that is not a watch event is `garbage`. */
export function parseWatchLine<T extends Listed>(line: string): WatchLine<T> {
  let event: { type?: unknown; object?: Record<string, unknown> };
  try {
    event = JSON.parse(line) as typeof event;
  } catch (error) {
    return garbage(line, messageOf(error));
  }
  if (event?.type === 'ERROR') {
    const { code, message, reason } = event.object ?? {};
    return { kind: code === 410 ? 'gone' : 'error', message: `${code ?? ''} ${reason ?? ''}: ${message ?? ''}`.trim() };
  }
  const metadata = event?.object?.metadata as { resourceVersion?: string; uid?: string } | undefined;
  const resourceVersion = metadata?.resourceVersion;
  if (typeof resourceVersion !== 'string') return garbage(line, 'no resourceVersion');
  if (event.type === 'BOOKMARK') return { kind: 'bookmark', resourceVersion };
  if (event.type === 'ADDED' || event.type === 'MODIFIED' || event.type === 'DELETED') {
    return { kind: 'change', type: event.type, object: event.object as unknown as T, resourceVersion };
  }
  return garbage(line, `unknown type ${String(event.type)}`);
}

function garbage(line: string, why: string): { kind: 'garbage'; message: string } {
  return { kind: 'garbage', message: `${why}: ${line.slice(0, 80)}` };
}
