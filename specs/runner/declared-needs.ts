import { AsyncLocalStorage } from 'node:async_hooks';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { type Need, needs } from '../catalogue/needs.ts';

/** What the requirement of a spec says that its spec asks of the cluster. */
interface DeclaredNeeds {
  /** Id of the requirement, such as `LV-BIND-50`. */
  id: string;
  /** Undefined for what proves no requirement, such as a benchmark: it may ask for anything. */
  needs: readonly Need[] | undefined;
  /** How many nodes its requirement says that it needs; undefined as above. */
  leastNodes: number | undefined;
}

const running = new AsyncLocalStorage<DeclaredNeeds>();

/** Runs something as part of a spec: everything it begins may ask for what is declared, and for nothing else. */
export function withNeeds<T>(declared: DeclaredNeeds, work: () => T): T {
  return running.run(declared, work);
}

/**
 * Checks that the requirement of the running spec declares a need. A spec that asks for more than it declares would be
 * run on clusters that cannot serve it. Outside of a spec, anything may be asked for.
 * @throws DomainError
 */
export function assertDeclared(need: Need, attempted: string): void {
  const spec = running.getStore();
  if (spec?.needs === undefined || spec.needs.includes(need)) return;
  throw new DomainError({
    attempted,
    on: spec.id,
    seen: `its requirement has needs: [${spec.needs.join(', ')}], without ${need}`,
    why: `${need} is ${needs[need]}; the spec would be run on clusters that do not offer it`,
    remedy: `add ${need} to \`needs\` of ${spec.id} in its catalogue.yaml, or let the spec do without`,
  });
}

/**
 * Checks that the requirement of the running spec declares so many nodes. @throws DomainError
 */
export function assertNodesDeclared(count: number): void {
  const spec = running.getStore();
  if (spec?.leastNodes === undefined || count <= spec.leastNodes) return;
  throw new DomainError({
    attempted: `finding the node of a role, number ${count}`,
    on: spec.id,
    seen: `its requirement has leastNodes: ${spec.leastNodes}`,
    why: 'the spec would be run on clusters that have no such node',
    remedy: `say leastNodes: ${count} for ${spec.id} in its catalogue.yaml, or let the spec do without`,
  });
}
