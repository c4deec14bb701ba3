import type { Requirement } from '../catalogue/catalogue.ts';
import { type Durations, secondsBy } from '../catalogue/durations.ts';
import type { InUse, Locks } from './locks.ts';
import { secondsByThing } from './spec-times.ts';

/** Returns whether a requirement's spec touches nodes, or something of the whole cluster. */
export function isDisruptive({ features }: Requirement): boolean {
  return features.includes('disruptive');
}

/** Returns whether a requirement's spec has exclusive use of every node, alone or with those of its group. */
export function hasWholeCluster(requirement: Requirement): boolean {
  return isDisruptive(requirement) && requirement.exclusive.length === 0;
}

/**
 * Returns when a spec begins among the others, as far as locks allow: first those that have a node for themselves and do
 * not disturb it, while it is still free; then those that need several nodes undisturbed, then those that disturb nodes,
 * and beside them those that any other node will do for; last those that have the whole cluster.
 */
function turnOf(requirement: Requirement): number {
  if (hasWholeCluster(requirement)) return 5;
  // Both nodes are free together before others hold them in turn.
  if (isDisruptive(requirement)) return rolesIn(requirement).length > 1 ? 2 : 3;
  if (rolesIn(requirement).length > 0) return 0;
  return requirement.nodes === 'all' || requirement.leastNodes > 1 ? 1 : 4;
}

/**
 * Returns the specs in the order in which a run begins them. Of one turn the longest begin first, as the run would wait
 * for them at its end; each counts with those that wait for the same thing. Where one takes less than twice as long as
 * another, they keep their order.
 */
export function inTurns<Spec extends { requirement: Requirement }>(
  specs: readonly Spec[],
  durations: Durations,
): Spec[] {
  const secondsOf = secondsBy(durations);
  const inLine = secondsByThing(specs.map(({ requirement }) => ({ requirement, seconds: secondsOf(requirement) })));
  const ranked = specs.map((spec) => {
    const { requirement } = spec;
    const lines = requirement.exclusive.filter((thing) => !isRole(thing)).map((thing) => inLine.get(thing) ?? 0);
    const seconds = Math.max(1, secondsOf(requirement), ...lines);
    return { spec, turn: turnOf(requirement), doublings: Math.floor(Math.log2(seconds)) };
  });
  return ranked.toSorted((a, b) => a.turn - b.turn || b.doublings - a.doublings).map(({ spec }) => spec);
}

/** What the catalogue calls the nodes of a run in `exclusive`, in the order of their roles. */
const nodeRoles = ['firstNode', 'secondNode', 'thirdNode'] as const;

/** What it calls the first of the nodes that the run assigns to a spec. */
export const assignedRole = 'oneNode';

const isRole = (thing: string): boolean => thing === assignedRole || nodeRoles.some((role) => role === thing);

/** Returns the nodes that a spec has exclusively, as the catalogue calls them. */
const rolesIn = ({ exclusive }: Requirement): string[] => exclusive.filter(isRole);

/** Returns how many nodes a spec has exclusively where it does not have the whole cluster. */
export const nodesHeldBy = (requirement: Requirement): number => rolesIn(requirement).length;

/** What a spec locks. */
export interface SpecLocks extends Locks {
  /** The nodes that are assigned to it, where any will do; `oneNode()` and `anotherNode()` are these. */
  assigned?: readonly string[];
  /** The nodes that a disruptive spec has exclusively; undefined for the whole cluster. */
  disturbed?: readonly string[];
}

/**
 * Returns what each spec of a plan locks, `nodes` being in the order of their roles. Where any nodes will do, a spec gets
 * first those that no spec of the plan disturbs, the least used of them: so it keeps none of these waiting.
 */
export function locksAmong(
  plan: readonly Requirement[],
  nodes: readonly string[],
): (requirement: Requirement, inUse: InUse) => SpecLocks {
  const named = new Map<string, string | undefined>(nodeRoles.map((role, index) => [role, nodes[index]]));
  // Not the first, which has the control plane, where there is another.
  const disturbable = nodes.length > 1 ? nodes.slice(1) : nodes;
  const disturbed = new Set(
    plan
      .filter(isDisruptive)
      .flatMap(rolesIn)
      .flatMap((role) => (role === assignedRole ? disturbable : [named.get(role) ?? role])),
  );
  return (requirement, { held, users }) => {
    const { group, leastNodes } = requirement;
    if (hasWholeCluster(requirement)) return { exclusive: nodes, shared: [], group };
    const things = requirement.exclusive.filter((thing) => thing !== assignedRole);
    const exclusive = things.map((thing) => named.get(thing) ?? thing);
    if (requirement.nodes === 'all') {
      if (!isDisruptive(requirement)) return { exclusive, shared: nodes };
      return { exclusive, shared: [], disturbed: exclusive.filter((thing) => nodes.includes(thing)) };
    }
    const taken = (node: string): number => (held(node) ? 1 : 0);
    if (!isDisruptive(requirement)) {
      // Of those that are disturbed at times the most used: the others stay free for who has them exclusively.
      const assigned = nodes
        .toSorted(
          (a, b) =>
            taken(a) - taken(b) ||
            Number(disturbed.has(a)) - Number(disturbed.has(b)) ||
            (disturbed.has(a) ? users(b) - users(a) : users(a) - users(b)),
        )
        .slice(0, leastNodes);
      return { exclusive, shared: assigned, assigned };
    }
    // While it waits for something else, the nodes are for others.
    if (exclusive.some(held)) return { exclusive, shared: [] };
    const [own = ''] = disturbable.toSorted((a, b) => taken(a) - taken(b) || users(a) - users(b));
    const others = nodes.filter((node) => node !== own).slice(0, leastNodes - 1);
    return { exclusive: [own, ...exclusive], shared: others, assigned: [own, ...others], disturbed: [own] };
  };
}
