import { grouped } from '../../clusters/text/collections.ts';
import type { Requirement } from '../catalogue/catalogue.ts';
import { hasWholeCluster, isDisruptive, nodesHeldBy } from './plan.ts';

/** How long a spec took, in seconds. */
export interface SpecTime {
  requirement: Requirement;
  seconds: number;
}

/** What specs take at least, in seconds, whatever their order, and what makes it so. */
export interface LowerBound {
  seconds: number;
  because: string;
}

const sum = (specs: readonly SpecTime[]): number => specs.reduce((total, { seconds }) => total + seconds, 0);
const longest = (specs: readonly SpecTime[]): number => Math.max(0, ...specs.map(({ seconds }) => seconds));

/**
 * Returns what bounds the time of specs from below: those that exclude each other, one after the other, and as many lanes
 * as there are; the greatest first. After each of these comes what has the whole cluster.
 */
export function lowerBounds(
  specs: readonly SpecTime[],
  { jobs, nodes }: { jobs: number; nodes: number },
): LowerBound[] {
  const whole = specs.filter(({ requirement }) => hasWholeCluster(requirement));
  const others = specs.filter(({ requirement }) => !hasWholeCluster(requirement));
  const groups = grouped(whole, ({ requirement }) => requirement.group ?? requirement.id);
  const after = [...groups.values()].reduce((total, group) => total + longest(group), 0);
  const ofThings = (some: readonly SpecTime[]): number[] =>
    [...new Set(some.flatMap(({ requirement }) => requirement.exclusive))].map((thing) =>
      // Any node will do for oneNode: they are counted by nodes.
      thing === 'oneNode' ? 0 : sum(some.filter(({ requirement }) => requirement.exclusive.includes(thing))),
    );
  const allNodes = others.filter(({ requirement }) => requirement.nodes === 'all' && !isDisruptive(requirement));
  const disturbing = others.filter(({ requirement }) => isDisruptive(requirement));
  const nodeSeconds = disturbing.reduce(
    (total, { requirement, seconds }) => total + seconds * nodesHeldBy(requirement),
    0,
  );
  const undisturbed = Math.max(longest(allNodes), ...ofThings(allNodes));
  const disturbed = Math.max(longest(disturbing), nodeSeconds / Math.max(1, nodes - 1), ...ofThings(disturbing));
  return [
    { seconds: undisturbed + disturbed + after, because: 'specs that exclude each other' },
    { seconds: sum(others) / jobs + after, because: `${jobs} specs side by side` },
  ].toSorted((a, b) => b.seconds - a.seconds);
}
