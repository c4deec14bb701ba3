import type { ClusterClient } from '../../../clusters/api/client.ts';
import { isReady } from '../../../clusters/api/object-state.ts';
import type { Node } from '../../../clusters/api/objects.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import type { OtherNode, RunNode } from '../../../specs/runner/test-cluster.ts';
import { rolesOf } from '../recognise-cluster.ts';

/**
 * Returns the names of the nodes that specs use, three where there are as many: those that are named, and else the first,
 * by name, that are fit. One with the control plane is taken only where there are too few others, and is the first then:
 * no spec has that for itself where there is another. `own` is the node of the pod that the harness runs in, where specs
 * would evict it. @throws DomainError (badUsage) where none is fit, or one that is named is not
 */
export function chooseNodes(all: readonly Node[], names: readonly string[] | undefined, own?: string): string[] {
  const control = new Set(all.filter(hasControlPlane).map(({ metadata }) => metadata.name));
  const last = (name: string) => Number(control.has(name));
  const byName = all.map(({ metadata }) => metadata.name).toSorted();
  const asked = names ?? byName.toSorted((a, b) => last(a) - last(b));
  const found = asked.map((name) => ({
    name,
    why:
      name === own
        ? 'the harness runs in a pod of it, and --disruptive would evict that'
        : unfit(all.find(({ metadata }) => metadata.name === name)),
  }));
  const fit = found.filter(({ why }) => why === undefined).map(({ name }) => name);
  const chosen = fit.slice(0, 3);
  if (names === undefined && fit.length > 0) return chosen.toSorted((a, b) => last(b) - last(a));
  if (fit.length > 0 && fit.length === names?.length) return chosen;
  throw new DomainError(
    {
      attempted: 'choosing the nodes for the specs',
      seen: [
        `fit: ${fit.join(', ') || 'none'}`,
        ...found.flatMap(({ name, why }) => (why === undefined ? [] : [`${name}: ${why}`])),
      ].join('\n'),
      why: 'specs use up to three nodes: Linux, Ready, schedulable and without taints',
      remedy: names === undefined ? 'make one fit, or better three' : 'name nodes that are: --nodes A,B,C',
    },
    { exit: 'badUsage' },
  );
}

const hasControlPlane = (node: Node): boolean => rolesOf(node).includes('control-plane');

/** Returns why specs cannot use a node; undefined where they can. */
function unfit(node: Node | undefined): string | undefined {
  if (!node) return 'there is no such node';
  if (node.status?.nodeInfo?.operatingSystem !== 'linux') return 'it is not a Linux node';
  if (!isReady(node)) return 'it is not Ready';
  const refusal = refusalOf(node);
  return refusal === 'podAffinity' ? undefined : `it is ${refusal}`;
}

/**
 * Checks that the nodes of a run are still as specs need them: somebody else may have drained or deleted one.
 * @throws DomainError that says which, and why
 */
export async function assertStillFit(client: ClusterClient, nodes: readonly RunNode[]): Promise<void> {
  const { items } = await client.list('Node');
  const lost = nodes.flatMap(({ name }) => {
    const why = unfit(items.find(({ metadata }) => metadata.name === name));
    return why === undefined ? [] : [`${name}: ${why}`];
  });
  if (lost.length === 0) return;
  throw new DomainError({
    attempted: 'looking at the nodes of the run after a spec has failed',
    seen: lost.join('\n'),
    why: 'the run has not done this: it changes no node of this cluster',
    remedy: 'run again when the nodes are free, or name others: --nodes A,B,C',
  });
}

/** Returns what the scheduler says first of a node against a pod that has to be elsewhere. */
export function refusalOf({ spec }: Node): OtherNode['refusal'] {
  if (spec?.unschedulable) return 'cordoned';
  const hard = (spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule');
  return hard.length > 0 ? 'tainted' : 'podAffinity';
}

export function hostnameIn(all: readonly Node[], name: string): string {
  const node = all.find(({ metadata }) => metadata.name === name);
  return node?.metadata.labels?.['kubernetes.io/hostname'] ?? name;
}
