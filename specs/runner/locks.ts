/** What a piece of work locks while it goes on. */
export interface Locks {
  /** Things that no other work may use meanwhile. */
  exclusive: readonly string[];
  /** Things that other work may share, and none may lock for itself. */
  shared: readonly string[];
  /** What other work of the same group has locked is no obstacle. */
  group?: string | undefined;
}

/** What is in use as a piece of work might begin: of what goes on, and of what waits since before it. */
export interface InUse {
  /** Returns whether a thing is in exclusive use. */
  held(thing: string): boolean;
  /** Returns how many share a thing. */
  users(thing: string): number;
}

export interface LockedWork<Work, Locked extends Locks> {
  /** How many go on at once, at most. */
  jobs: number;
  /** Aborting this begins nothing more; what goes on is waited for. */
  stop: AbortSignal;
  /** Returns what a piece of work would lock if it began now. */
  locksOf(work: Work, inUse: InUse): Locked;
  run(work: Work, locked: Locked): Promise<void>;
}

/**
 * Does all the work, side by side: whenever fewer than `jobs` go on, the first in order begins whose locks are free. What
 * waits for its locks keeps them from what comes after it: else work that needs several things might never begin, as
 * others would always have one of them.
 */
export async function runWithLocks<Work, Locked extends Locks>(
  work: readonly Work[],
  { jobs, stop, locksOf, run }: LockedWork<Work, Locked>,
): Promise<void> {
  const waiting = [...work];
  const running = new Map<Promise<void>, Locked>();
  /** Takes the first that may begin out of those that wait. */
  const next = (): { one: Work; locked: Locked } | undefined => {
    const going = [...running.values()];
    const before: Locks[] = [...going];
    for (const [index, one] of waiting.entries()) {
      const locked = locksOf(one, usesOf(before));
      const { group } = locked;
      // A group that goes on has its things together: nobody gets them in between.
      const joins = group !== undefined && going.some((other) => other.group === group);
      if (!areFree(locked, joins ? going : before)) {
        before.push(locked);
        continue;
      }
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

function usesOf(locks: readonly Locks[]): InUse {
  return {
    held: (thing) => locks.some(({ exclusive }) => exclusive.includes(thing)),
    users: (thing) => locks.filter(({ shared }) => shared.includes(thing)).length,
  };
}

/** Returns whether these locks go together with those of others. */
function areFree({ exclusive, shared, group }: Locks, locks: readonly Locks[]): boolean {
  const { held, users } = usesOf(locks.filter((one) => group === undefined || one.group !== group));
  return !exclusive.some((thing) => held(thing) || users(thing) > 0) && !shared.some(held);
}

/** The use of what several have at the same time. It ends when this is disposed of. */
export interface SharedUse extends Disposable {
  /** Waits until all others rest, and until those that asked before have had their time; then does the work. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** What several use at the same time, and one of them alone for a while, in the order of asking. */
export class Shareable {
  readonly #asked: { alone: boolean; begin: () => void }[] = [];
  #users = 0;
  #taken = false;

  /** Waits until none has it alone or asked for that before. */
  async use(): Promise<SharedUse> {
    await this.#ask(false);
    return {
      alone: async (work) => {
        this.#end(false);
        await this.#ask(true);
        try {
          return await work();
        } finally {
          this.#end(true);
          await this.#ask(false);
        }
      },
      [Symbol.dispose]: () => this.#end(false),
    };
  }

  #ask(alone: boolean): Promise<void> {
    return new Promise((begin) => {
      this.#asked.push({ alone, begin });
      this.#admit();
    });
  }

  #end(alone: boolean): void {
    if (alone) this.#taken = false;
    else this.#users -= 1;
    this.#admit();
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#asked;
      if (!next || this.#taken || (next.alone && this.#users > 0)) return;
      this.#asked.shift();
      if (next.alone) this.#taken = true;
      else this.#users += 1;
      next.begin();
    }
  }
}
