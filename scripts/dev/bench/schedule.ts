import { grouped } from '../../../clusters/text/collections.ts';
import type { Requirement } from '../../../specs/catalogue/catalogue.ts';
import { runWithLocks } from '../../../specs/runner/locks.ts';
import { hasWholeCluster, inTurns, isDisruptive, locksAmong } from '../../../specs/runner/plan.ts';
import { shuffled } from '../../../specs/runner/seed.ts';
import type { SpecTime } from '../../../specs/runner/spec-times.ts';

/** A spec of a run; when it began, in seconds from the first spec. */
export interface TimedSpec extends SpecTime {
  began: number;
}

/** Returns how many specs went on at once in each `step` seconds, on average, and which took most of that time. */
export function occupation(
  specs: readonly TimedSpec[],
  step: number,
): { from: number; lanes: number; most: string[] }[] {
  const end = Math.max(0, ...specs.map(({ began, seconds }) => began + seconds));
  return Array.from({ length: Math.ceil(end / step) }, (_, index) => {
    const from = index * step;
    const shares = specs
      .map((spec) => ({ id: spec.requirement.id, share: overlap(spec, from, from + step) }))
      .filter(({ share }) => share > 0)
      .toSorted((a, b) => b.share - a.share);
    const lanes = shares.reduce((sum, { share }) => sum + share, 0) / step;
    return { from, lanes, most: shares.slice(0, 5).map(({ id }) => id) };
  });
}

function overlap({ began, seconds }: TimedSpec, from: number, to: number): number {
  return Math.max(0, Math.min(began + seconds, to) - Math.max(began, from));
}

/** Returns a run as the plan would have it with these durations: its own order and locks, on a clock of its own. */
export async function simulate(
  specs: readonly SpecTime[],
  { jobs, seed, nodes }: { jobs: number; seed: number; nodes: readonly string[] },
): Promise<TimedSpec[]> {
  const locksOf = locksAmong(
    specs.map(({ requirement }) => requirement),
    nodes,
  );
  const done: TimedSpec[] = [];
  const going: { end: number; resolve: () => void }[] = [];
  let now = 0;
  let over = false;
  const durations = new Map(specs.map(({ requirement, seconds }) => [requirement.id, seconds]));
  const all = runWithLocks(inTurns(shuffled(specs, seed), durations), {
    jobs,
    stop: new AbortController().signal,
    locksOf: ({ requirement }, inUse) => locksOf(requirement, inUse),
    run: ({ requirement, seconds }) =>
      new Promise((resolve) => {
        done.push({ requirement, seconds, began: now });
        going.push({ end: now + seconds, resolve });
      }),
  }).finally(() => {
    over = true;
  });
  while (!over) {
    // Whatever may begin at this moment has begun when the event loop is idle.
    await new Promise(setImmediate);
    const next = going.toSorted((a, b) => a.end - b.end)[0];
    if (!next) continue;
    going.splice(going.indexOf(next), 1);
    now = next.end;
    next.resolve();
  }
  await all;
  return done;
}

/** Returns how a run's specs are spread: for each kind of lock how many, their seconds, the first begin and the last end. */
export function phasesOf(
  specs: readonly TimedSpec[],
): { what: string; count: number; seconds: number; from: number; to: number }[] {
  const kinds = grouped(specs, ({ requirement }) => kindOf(requirement));
  return [...kinds]
    .map(([what, some]) => ({
      what,
      count: some.length,
      seconds: some.reduce((total, { seconds }) => total + seconds, 0),
      from: Math.min(...some.map(({ began }) => began)),
      to: Math.max(...some.map(({ began, seconds }) => began + seconds)),
    }))
    .toSorted((a, b) => a.from - b.from);
}

function kindOf(requirement: Requirement): string {
  if (hasWholeCluster(requirement)) return 'the whole cluster';
  if (isDisruptive(requirement)) return `locks ${requirement.exclusive.join(' and ')}`;
  return requirement.nodes === 'any' ? 'any node' : 'all nodes as they are';
}
