/** What a piece of work needs while it goes on. */
export interface Needs {
  /** What it has for itself. */
  holds: readonly string[];
  /** What others may use along with it, and nobody may hold. */
  uses: readonly string[];
}

export interface Lanes<Work, Need extends Needs> {
  /** How many go on at once, at most. */
  lanes: number;
  /** Aborting this begins nothing more; what goes on is waited for. */
  stop: AbortSignal;
  /** What a piece of work would need if it began now. `users` tells how many use a thing at the moment. */
  needsOf(work: Work, users: (thing: string) => number): Need;
  run(work: Work, need: Need): Promise<void>;
}

/**
 * Does all the work, side by side. Whenever a lane is free, the first in order begins whose needs are met: nobody else
 * has a thing that it holds, and nobody holds a thing that it uses.
 */
export async function inLanes<Work, Need extends Needs>(
  work: readonly Work[],
  { lanes, stop, needsOf, run }: Lanes<Work, Need>,
): Promise<void> {
  const waiting = [...work];
  const running = new Map<Promise<void>, Need>();
  const users = (thing: string): number => [...running.values()].filter(({ uses }) => uses.includes(thing)).length;
  const held = (thing: string): boolean => [...running.values()].some(({ holds }) => holds.includes(thing));
  const met = ({ holds, uses }: Need): boolean =>
    !holds.some((thing) => held(thing) || users(thing) > 0) && !uses.some(held);
  /** Takes the first that may begin out of those that wait. */
  const next = (): { one: Work; need: Need } | undefined => {
    for (const [index, one] of waiting.entries()) {
      const need = needsOf(one, users);
      if (!met(need)) continue;
      waiting.splice(index, 1);
      return { one, need };
    }
    return undefined;
  };
  while (!stop.aborted) {
    const begun = running.size < lanes ? next() : undefined;
    if (begun !== undefined) {
      const through = run(begun.one, begun.need).finally(() => running.delete(through));
      running.set(through, begun.need);
    } else if (running.size > 0) await Promise.race(running.keys());
    else break;
  }
  await Promise.all(running.keys());
}
