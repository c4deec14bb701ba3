import type { Requirement } from '../catalogue/catalogue.ts';

/** How long a spec took, or may take, in seconds. */
export interface SpecTime {
  requirement: Requirement;
  seconds: number;
}

/** Returns how long specs take one after the other. */
export function totalSeconds(specs: readonly SpecTime[]): number {
  return specs.reduce((total, { seconds }) => total + seconds, 0);
}

/** Returns how long the longest spec takes; 0 where there is none. */
export function longestSeconds(specs: readonly SpecTime[]): number {
  return Math.max(0, ...specs.map(({ seconds }) => seconds));
}

/** Returns, for each thing that specs have exclusively, how long they take one after the other. */
export function secondsByThing(specs: readonly SpecTime[]): Map<string, number> {
  const byThing = new Map<string, number>();
  for (const { requirement, seconds } of specs)
    for (const thing of requirement.exclusive) byThing.set(thing, (byThing.get(thing) ?? 0) + seconds);
  return byThing;
}
