import { DomainError } from '../../clusters/errors/domain-error.ts';
import { grouped } from '../../clusters/text/collections.ts';
import type { Requirement } from '../catalogue/catalogue.ts';
import { wholeClusterSeconds } from './bounds.ts';
import { hasWholeCluster } from './plan.ts';
import { longestSeconds, type SpecTime, secondsByThing, totalSeconds } from './spec-times.ts';

/** One of several runs that prove a selection together, each on a cluster of its own: the first has index 1. */
export interface Shard {
  index: number;
  of: number;
}

interface Provable {
  requirement: Requirement;
}

/** As many specs go on at once on two processors. Fixed, so that every machine cuts a selection alike. */
const lanes = 10;

/**
 * Returns the specs of one shard, in the order in which they came. The shards of a selection have every spec once, and
 * take about as long as each other by what `secondsOf` says. The cut follows from the selection and these seconds alone.
 * @throws DomainError (badUsage) where a shard would be empty
 */
export function shardOf<Spec extends Provable>(
  specs: readonly Spec[],
  { index, of }: Shard,
  secondsOf: (requirement: Requirement) => number = () => 1,
): Spec[] {
  const timed = specs.map((spec) => ({ spec, requirement: spec.requirement, seconds: secondsOf(spec.requirement) }));
  const units = [...grouped(timed, unitOf).values()];
  if (units.length < of) throw tooMany({ index, of }, units.length);
  const shards: (typeof units)[number][] = Array.from({ length: of }, () => []);
  // The longest first: what is short evens out what they leave.
  for (const unit of units.toSorted((a, b) => cost(b) - cost(a))) {
    const after = shards.map((shard) => ({ shard, cost: cost([...shard, ...unit]) }));
    after.toSorted((a, b) => a.cost - b.cost)[0]?.shard.push(...unit);
  }
  const chosen = new Set(shards[index - 1]?.map(({ spec }) => spec));
  return specs.filter((spec) => chosen.has(spec));
}

/** Returns the name of what stays together: a group, and what uses the program that a run compiles for it. */
function unitOf({ requirement: { id, group, features } }: Provable): string {
  return group ?? (features.includes('provisioner') ? 'provisioner' : id);
}

/**
 * Returns how long specs take on one cluster, in seconds, as far as that tells shards apart: what cannot go on at once
 * (the longest spec, those that lock the same thing, then those that have the whole cluster), and the work of them all.
 */
function cost(specs: readonly SpecTime[]): number {
  const others = specs.filter(({ requirement }) => !hasWholeCluster(requirement));
  const inLine = Math.max(longestSeconds(others), ...secondsByThing(others).values());
  return inLine + wholeClusterSeconds(specs) + totalSeconds(specs) / lanes;
}

function tooMany({ index, of }: Shard, most: number): DomainError {
  return new DomainError(
    {
      attempted: 'dividing the selection into shards',
      on: `--shard ${index}/${of}`,
      seen: `the selection has ${most} ${most === 1 ? 'part' : 'parts'} that can be run apart`,
      why: 'a shard without specs proves nothing; specs of a group, and those of the static provisioner, stay together',
      remedy: `ask for ${most} ${most === 1 ? 'shard' : 'shards'} at most`,
    },
    { exit: 'badUsage' },
  );
}
