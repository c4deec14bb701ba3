import { AsyncLocalStorage } from 'node:async_hooks';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { LookedBackAt } from './last-look.ts';

/** The spec that is running. */
export interface CurrentSpec {
  /** Requirement it proves, such as `SEED-4`. */
  id: string;
  /** Aborted when the spec is over or takes too long, or when the run is interrupted. */
  signal: AbortSignal;
  /** Where it plays, in the order of opening: what is looked at if it fails. */
  namespaces?: LookedBackAt[];
  /** The node that the run has given to it, where the catalogue says that one will do. */
  node?: string;
}

// One place per process, even where a loader gives the spec files module instances of their own.
const place = Symbol.for('local-pv-conformance.current-spec');
const shared = globalThis as { [place]?: AsyncLocalStorage<CurrentSpec> };
shared[place] ??= new AsyncLocalStorage();
const running = shared[place];

/**
 * The spec that the caller is part of: specs run side by side in one process, and each asynchronous call belongs to
 * the spec that began it. Throws a DomainError outside of a spec.
 */
export function currentSpec(): CurrentSpec {
  const spec = running.getStore();
  if (spec) return spec;
  throw new DomainError({
    attempted: 'finding the spec that is running',
    why: 'No spec is running: the top level of a spec file belongs to no spec.',
    remedy: 'Move the call into the spec.',
  });
}

/**
 * The name of the node that the running spec was given. @throws DomainError where the catalogue does not say that one
 * will do
 */
export function assignedNode(): string {
  const { id, node } = currentSpec();
  if (node !== undefined) return node;
  throw new DomainError({
    attempted: `finding the node assigned to ${id}`,
    seen: 'the run has given it none',
    remedy: 'Say `nodes: any` in the catalogue.',
  });
}

/**
 * Refuses a node that is not the running spec's, where the run has given it one: another spec may have the node for
 * itself, and stop its kubelet. @throws DomainError
 */
export function assertAssigned(node: string): void {
  const { id, node: given } = currentSpec();
  if (given === undefined || given === node) return;
  throw new DomainError({
    attempted: `playing ${id} on ${node}`,
    seen: `the run has given it ${given}`,
    remedy: 'Name no node in the spec, ask for `assignedNode()`; or say `nodes: all` in the catalogue.',
  });
}

/** Runs something as part of a spec: everything it begins finds that spec as the current one. */
export function asSpec<T>(spec: CurrentSpec, work: () => T): T {
  return running.run(spec, work);
}
