import { DomainError } from '../../clusters/errors/domain-error.ts';
import { type NodePlaces, usualPlaces } from '../../clusters/nodes/node.ts';
import { assertAssigned, currentSpec } from '../runner/current-spec.ts';
import { assertNodesDeclared } from '../runner/declared-needs.ts';
import { clusterFacts } from '../runner/test-cluster.ts';

// A spec names nodes by their role in the run; the run says which node has it. On a cluster of clusters/three-node.yaml
// these are node1, node2 and node3; on another cluster, the nodes that the run has chosen.

/** Returns the name of the run's first node: on a cluster of ours, that of the control plane. */
export const firstNode = (): string => nodeAt(0);

/** Returns the name of the run's second node. */
export const secondNode = (): string => nodeAt(1);

/** Returns the name of the run's third node. */
export const thirdNode = (): string => nodeAt(2);

/**
 * Returns the name of a node of the run, for specs that need one and no more: with `nodes: any` the first that the run
 * assigned; else not the run's first, where there is another.
 */
export const oneNode = (): string => assignedAt(0) ?? nodeAt(Math.min(1, nodeCount() - 1), 1);

/** Returns the name of a node of the run other than `oneNode()`: with `nodes: any` the second that the run assigned. */
export const anotherNode = (): string => assignedAt(1) ?? nodeAt(nodeCount() > 2 ? 2 : 0, 2);

/** Returns the names of the run's three nodes, in the order of their roles. */
export const threeNodes = (): [string, string, string] => [firstNode(), secondNode(), thirdNode()];

/**
 * Returns the value of a node's label `kubernetes.io/hostname`, by which volumes and pods name it. On many clusters it is
 * not the node's name. A node that the run does not know has its name: a spec may name one that is gone.
 */
export function hostnameOf(node: string): string {
  return clusterFacts().nodes.find(({ name }) => name === node)?.hostname ?? node;
}

/** Returns the folders of a node of the run in which volumes are made and kubelet keeps its own. */
export function placesOf(node: string): NodePlaces {
  const { reach = [] } = clusterFacts();
  return reach.find(({ name }) => name === node)?.places ?? usualPlaces;
}

/** Returns the name of the node whose label `kubernetes.io/hostname` has this value; the value where the run has none. */
export function nodeWithHostname(hostname: string): string {
  return clusterFacts().nodes.find((node) => node.hostname === hostname)?.name ?? hostname;
}

/** Returns how many nodes the run has: what the scheduler counts of them where all are alike. */
export const nodeCount = (): number => clusterFacts().nodes.length;

/**
 * Returns what the labels of the first and the second node fulfil, and those of the others do not: on a cluster of ours
 * `diskType In [ssd]`. Nobody has labelled the nodes of another cluster for a run: there it is their hostnames.
 */
export function firstAndSecondNode(): { key: string; operator: 'In'; values: string[] } {
  if (!clusterFacts().lent) return { key: 'diskType', operator: 'In', values: ['ssd'] };
  return { key: 'kubernetes.io/hostname', operator: 'In', values: [firstNode(), secondNode()].map(hostnameOf) };
}

/** Returns a node that the run assigned to the running spec; undefined where it assigned none to it. */
function assignedAt(index: number): string | undefined {
  const { nodes } = currentSpec();
  if (nodes !== undefined) assertNodesDeclared(index + 1);
  return nodes?.[index];
}

/** `least` is the number of nodes without which a spec cannot ask for it. */
function nodeAt(index: number, least = index + 1): string {
  assertNodesDeclared(least);
  const { nodes } = clusterFacts();
  const node = nodes[index];
  if (node) {
    assertAssigned(node.name);
    return node.name;
  }
  throw new DomainError({
    attempted: `finding the node of a role, number ${index + 1}`,
    seen: `the run has ${nodes.map(({ name }) => name).join(', ') || 'no node'}`,
    why: 'a spec that needs three nodes is not run on a cluster of fewer',
  });
}
