import type { Requirement } from '../catalogue/catalogue.ts';
import type { Locks } from './locks.ts';

/** The order of a run follows from this number alone: `--seed` repeats it. */
export type Seed = number;

/** Seeds are whole numbers below this, so that they are easily typed. */
export const seedLimit = 1_000_000;

/** Returns the items shuffled without favour (Fisher and Yates), in an order that the seed decides. */
export function shuffled<T>(items: readonly T[], seed: Seed): T[] {
  const result = [...items];
  const random = randomFrom(seed);
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}

/** Returns numbers from 0 to 1 that follow from the seed: a 32-bit state, advanced and mixed, is enough for an order. */
function randomFrom(seed: Seed): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns whether a requirement's spec touches nodes, or something of the whole cluster. */
export function isDisruptive({ features }: Requirement): boolean {
  return features.includes('disruptive');
}

/** Returns whether a requirement's spec has exclusive use of every node, alone or with those of its group. */
export function hasWholeCluster(requirement: Requirement): boolean {
  return isDisruptive(requirement) && requirement.exclusive.length === 0;
}

/**
 * Returns when a spec begins among the others, as far as locks allow; specs of the same turn keep their order:
 * first those that need all nodes undisturbed, then those that disturb some nodes, and beside them those that any other
 * node will do for; last those that have the whole cluster.
 */
function turnOf(requirement: Requirement): number {
  const { exclusive, nodes, slow } = requirement;
  const disruptive = isDisruptive(requirement);
  // Specs with the same lock wait for each other, so they begin with the first.
  if (!disruptive && nodes === 'all') return exclusive.length > 0 || slow ? 0 : 1;
  if (hasWholeCluster(requirement)) return 6;
  // Several nodes are free together before others lock them in turn, and then not again for long.
  if (disruptive && exclusive.length > 1) return 2;
  if (slow) return 3;
  return disruptive ? 4 : 5;
}

/** Returns the specs in the order in which a run begins them; specs of the same turn keep theirs. */
export function inTurns<Spec extends { requirement: Requirement }>(specs: readonly Spec[]): Spec[] {
  return specs.toSorted((a, b) => turnOf(a.requirement) - turnOf(b.requirement));
}

/** What the catalogue calls the nodes of a run in `exclusive`, in the order of their roles. */
const nodeRoles = ['firstNode', 'secondNode', 'thirdNode'] as const;

/** Returns what a requirement's spec locks for itself: nodes by their names, `nodes` being in the order of their roles. */
export function exclusiveOf({ exclusive }: Requirement, nodes: readonly string[]): string[] {
  const named = new Map<string, string | undefined>(nodeRoles.map((role, index) => [role, nodes[index]]));
  return exclusive.map((thing) => named.get(thing) ?? thing);
}

/** What a spec locks, and the node that is assigned to it where any will do. */
interface SpecLocks extends Locks {
  node?: string;
}

/**
 * Returns what each spec of a plan locks. Where any node will do, the spec gets the least used of those that no spec of
 * the plan disturbs: it never keeps one of these waiting.
 */
export function locksAmong(
  plan: readonly Requirement[],
  nodes: readonly string[],
): (requirement: Requirement, users: (thing: string) => number) => SpecLocks {
  const disturbed = new Set(plan.flatMap((one) => (isDisruptive(one) ? exclusiveOf(one, nodes) : [])));
  const quiet = nodes.filter((node) => !disturbed.has(node));
  const assignable = quiet.length > 0 ? quiet : nodes;
  return (requirement, users) => {
    const { group } = requirement;
    const exclusive = exclusiveOf(requirement, nodes);
    if (hasWholeCluster(requirement)) return { exclusive: nodes, shared: [], group };
    if (isDisruptive(requirement)) return { exclusive, shared: [] };
    if (requirement.nodes === 'all') return { exclusive, shared: nodes };
    const node = assignable.toSorted((a, b) => users(a) - users(b))[0] as string;
    return { exclusive, shared: [node], node };
  };
}
