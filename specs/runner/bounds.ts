import { grouped } from '../../clusters/text/collections.ts';
import { assignedRole, hasWholeCluster, isDisruptive, nodesHeldBy } from './plan.ts';
import { longestSeconds, type SpecTime, secondsByThing, totalSeconds } from './spec-times.ts';

/** What specs take at least, in seconds, whatever their order, and what makes it so. */
export interface LowerBound {
  seconds: number;
  because: string;
}

/**
 * Returns how long those of the specs take that have the whole cluster: one after the other, and those of a group
 * together.
 */
export function wholeClusterSeconds(specs: readonly SpecTime[]): number {
  const whole = specs.filter(({ requirement }) => hasWholeCluster(requirement));
  const groups = grouped(whole, ({ requirement }) => requirement.group ?? requirement.id);
  return [...groups.values()].reduce((total, group) => total + longestSeconds(group), 0);
}

/**
 * Returns what bounds the time of specs from below: those that exclude each other, one after the other, and as many lanes
 * as there are; the greatest first. After each of these comes what has the whole cluster.
 */
export function lowerBounds(
  specs: readonly SpecTime[],
  { jobs, nodes }: { jobs: number; nodes: number },
): LowerBound[] {
  const others = specs.filter(({ requirement }) => !hasWholeCluster(requirement));
  const after = wholeClusterSeconds(specs);
  const ofThings = (some: readonly SpecTime[]): number[] => {
    const byThing = secondsByThing(some);
    // Any node will do for it: those specs are counted by nodes.
    byThing.delete(assignedRole);
    return [...byThing.values()];
  };
  const allNodes = others.filter(({ requirement }) => requirement.nodes === 'all' && !isDisruptive(requirement));
  const disturbing = others.filter(({ requirement }) => isDisruptive(requirement));
  const nodeSeconds = disturbing.reduce(
    (total, { requirement, seconds }) => total + seconds * nodesHeldBy(requirement),
    0,
  );
  const undisturbed = Math.max(longestSeconds(allNodes), ...ofThings(allNodes));
  const disturbed = Math.max(longestSeconds(disturbing), nodeSeconds / Math.max(1, nodes - 1), ...ofThings(disturbing));
  return [
    { seconds: undisturbed + disturbed + after, because: 'specs that exclude each other' },
    { seconds: totalSeconds(others) / jobs + after, because: `${jobs} specs side by side` },
  ].toSorted((a, b) => b.seconds - a.seconds);
}
