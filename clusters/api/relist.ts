/** The metadata by which two lists are compared. */
export interface Listed {
  metadata: { name: string; namespace?: string; uid: string; resourceVersion: string };
}

/** What happened to an object. */
export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

/**
 * How a change came to be known: from the first list, from a watch event, or from comparing a later list with what was
 * known. A change found by a later list stands for at least one event that was missed, and its time is that of the
 * list.
 */
export type Observed = 'list' | 'watch' | 'relist';

/** One change of one object. For `DELETED`, `object` is its last known state. */
export interface Change<T> {
  type: ChangeType;
  observed: Observed;
  object: T;
}

/** Where an object is kept in a map of its kind. */
export function keyOf(object: Listed): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/**
 * The changes that lead from what was known to what a new list says: deletions first, then additions and modifications
 * in
 * the list's order. An object replaced by another of the same name is a deletion and an addition.
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
