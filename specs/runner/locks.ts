/** What a piece of work locks while it goes on. */
export interface Locks {
  /** Things that no other work may use meanwhile. */
  exclusive: readonly string[];
  /** Things that other work may share, and none may lock for itself. */
  shared: readonly string[];
}

export interface LockedWork<Work, Locked extends Locks> {
  /** How many go on at once, at most. */
  jobs: number;
  /** Aborting this begins nothing more; what goes on is waited for. */
  stop: AbortSignal;
  /** Returns what a piece of work would lock if it began now; `users` counts who shares a thing at the moment. */
  locksOf(work: Work, users: (thing: string) => number): Locked;
  run(work: Work, locked: Locked): Promise<void>;
}

/** Does all the work, side by side: whenever fewer than `jobs` go on, the first in order begins whose locks are free. */
export async function runWithLocks<Work, Locked extends Locks>(
  work: readonly Work[],
  { jobs, stop, locksOf, run }: LockedWork<Work, Locked>,
): Promise<void> {
  const waiting = [...work];
  const running = new Map<Promise<void>, Locked>();
  const users = (thing: string): number => [...running.values()].filter(({ shared }) => shared.includes(thing)).length;
  const held = (thing: string): boolean => [...running.values()].some(({ exclusive }) => exclusive.includes(thing));
  const free = ({ exclusive, shared }: Locks): boolean =>
    !exclusive.some((thing) => held(thing) || users(thing) > 0) && !shared.some(held);
  /** Takes the first that may begin out of those that wait. */
  const next = (): { one: Work; locked: Locked } | undefined => {
    for (const [index, one] of waiting.entries()) {
      const locked = locksOf(one, users);
      if (!free(locked)) continue;
      waiting.splice(index, 1);
      return { one, locked };
    }
    return undefined;
  };
  while (!stop.aborted) {
    const begun = running.size < jobs ? next() : undefined;
    if (begun !== undefined) {
      const through = run(begun.one, begun.locked).finally(() => running.delete(through));
      running.set(through, begun.locked);
    } else if (running.size > 0) await Promise.race(running.keys());
    else break;
  }
  await Promise.all(running.keys());
}
