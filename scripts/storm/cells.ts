import { DomainError } from '../../clusters/errors/domain-error.ts';

/** How claims find their volumes. */
export const layouts = ['shared', 'classes', 'pinned'] as const;

/**
 * `shared`: one class has all volumes, so each claim fits any. `classes`: volumes and claims are divided among several
 * classes. `pinned`: one class, and each pod says by its node affinity on which node it runs.
 */
export type Layout = (typeof layouts)[number];

export const bindings = ['wait', 'immediate'] as const;

/** `wait`: WaitForFirstConsumer. `immediate`: Immediate. */
export type Binding = (typeof bindings)[number];

export const limitNames = ['default', 'raised'] as const;

export type Limits = (typeof limitNames)[number];

/**
 * What clients of the controller manager and of the scheduler may send a second, and at once. `raised`: more than they
 * can send on any machine, so that something else becomes the limit.
 */
export const clientLimits = {
  default: { controllerManager: { qps: 20, burst: 30 }, scheduler: { qps: 50, burst: 100 } },
  raised: { controllerManager: { qps: 1000, burst: 2000 }, scheduler: { qps: 1000, burst: 2000 } },
} as const satisfies Record<Limits, object>;

/** The load of one measurement. */
export interface Load {
  /** Nodes that exist only as objects. None: the three real nodes have the volumes, and real pods. */
  nodes: number;
  claims: number;
  binding: Binding;
  layout: Layout;
  /** How many classes there are; 1 unless the layout is `classes`. */
  classes: number;
  /** Claims a second. */
  rate: number;
}

/** What a storm is asked to measure: each combination is a cell. */
export interface Asked {
  nodes: readonly number[];
  claims: readonly number[];
  binding: readonly Binding[];
  layout: readonly Layout[];
  classes: number;
  rate: number;
  /** How often each cell is measured. */
  repeat: number;
}

/** One measurement of a load; `round` counts from 1. */
export type PlannedCell = Load & { round: number };

/** A kubelet runs 110 pods; a few of them are those of the cluster itself. */
const mostOnRealNodes = 300;

/**
 * Returns the cells that are asked for, the smallest first, so that a storm whose time is limited has measured most of
 * them; each round has all loads, so that what changes with time does not change one load only.
 * @throws DomainError (badUsage) for a load that no cluster can have
 */
export function planCells({ nodes, claims, binding, layout, classes, rate, repeat }: Asked): PlannedCell[] {
  const loads = nodes.flatMap((n) =>
    claims.flatMap((c) =>
      binding.flatMap((b) =>
        layout.map(
          (l): Load => ({ nodes: n, claims: c, binding: b, layout: l, classes: l === 'classes' ? classes : 1, rate }),
        ),
      ),
    ),
  );
  for (const load of loads) refuseImpossible(load);
  const smallestFirst = loads.toSorted((a, b) => a.claims - b.claims || a.nodes - b.nodes);
  return Array.from({ length: repeat }, (_, index) => index + 1).flatMap((round) =>
    smallestFirst.map((load) => ({ ...load, round })),
  );
}

function refuseImpossible(load: Load): void {
  const refuse = (seen: string, why: string, remedy: string) =>
    new DomainError({ attempted: 'planning the storm', on: loadText(load), seen, why, remedy }, { exit: 'badUsage' });
  if (load.nodes === 0 && load.claims > mostOnRealNodes)
    throw refuse(
      `${load.claims} claims without nodes that kwok plays`,
      `each claim has a pod, and the three real nodes run no more than ${mostOnRealNodes} of them`,
      `write --nodes 100, or --claims ${mostOnRealNodes}`,
    );
  if (load.layout === 'pinned' && load.binding === 'immediate')
    throw refuse(
      'pinned pods with Immediate classes',
      'a claim is then bound to the volume of any node, and most pods could never run on theirs',
      'write --class wait, or another --layout',
    );
  if (load.layout === 'classes' && load.classes > load.claims)
    throw refuse(
      `${load.classes} classes for ${load.claims} claims`,
      'a class without a claim changes nothing',
      `write --classes ${load.claims}`,
    );
}

/** Returns `300 claims, 100 nodes, WaitForFirstConsumer, 10 classes, 50/s`. */
export function loadText({ nodes, claims, binding, layout, classes, rate }: Load): string {
  const where = nodes === 0 ? 'real nodes only' : `${nodes} nodes`;
  const how = { shared: [], classes: [`${classes} classes`], pinned: ['pinned pods'] }[layout];
  return [`${claims} claims`, where, bindingText(binding), ...how, `${rate}/s`].join(', ');
}

/** Returns the binding mode as a StorageClass has it. */
export function bindingText(binding: Binding): 'WaitForFirstConsumer' | 'Immediate' {
  return binding === 'wait' ? 'WaitForFirstConsumer' : 'Immediate';
}

/** Returns `10 classes`, for a table that says the rest elsewhere. */
export function layoutText({ layout, classes }: Pick<Load, 'layout' | 'classes'>): string {
  return { shared: 'one class', classes: `${classes} classes`, pinned: 'pinned pods' }[layout];
}
