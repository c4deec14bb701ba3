import { currentSpec } from './current-spec.ts';
import { runContext } from './run-context.ts';

let given = 0;

/**
 * The beginning of what the running spec calls its things on nodes, such as `k3x9qd-lv-bind-05`. With the run's id:
 * what
 * an interrupted run left on a cluster that stays is in nobody's way.
 */
export function ownPrefix(): string {
  return `${runContext().run}-${currentSpec().id.toLowerCase()}`;
}

/** A name on a node that nothing else has, such as `k3x9qd-lv-bind-05-disk-17`. */
export function newName(what: string): string {
  return `${ownPrefix()}-${what}-${given++}`;
}
