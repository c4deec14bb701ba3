import { AsyncLocalStorage } from 'node:async_hooks';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { KnownIssue } from '../catalogue/catalogue.ts';
import type { Need } from '../catalogue/needs.ts';
import type { Trace } from '../trace/trace.ts';
import { withNeeds } from './declared-needs.ts';
import type { PodStart } from './events.ts';
import type { LookedBackAt } from './last-look.ts';
import type { SharedUse } from './locks.ts';
import { clusterFacts } from './test-cluster.ts';

type SpecOrigin = Pick<CurrentSpec, 'id' | 'signal'> &
  Partial<Pick<CurrentSpec, 'nodes' | 'sharing' | 'knownIssue' | 'needs' | 'leastNodes' | 'longestWait'>>;

/** The spec that is running, and what it leaves for the report. */
export class CurrentSpec {
  /** Requirement that it proves, such as `SEED-4`. */
  readonly id: string;
  /** Aborted when the spec is over or takes too long, or when the run is interrupted. */
  readonly signal: AbortSignal;
  /** Names of the nodes that the run assigned to it, where its requirement has `nodes: any`. */
  readonly nodes: readonly string[] | undefined;
  /** What it has the cluster with, where its requirement has a group. */
  readonly sharing: SharedUse | undefined;
  /** Milliseconds after which each of its waits ends, where the run expects failures and has less patience than the wait. */
  readonly longestWait: number | undefined;
  /** What its requirement says that it asks of the cluster. Undefined: of what is no spec of the catalogue, anything. */
  readonly needs: readonly Need[] | undefined;
  /** How many nodes its requirement says that it needs; undefined as above. */
  readonly leastNodes: number | undefined;
  /** Its namespaces, in the order of opening: they are looked back at if it fails. */
  readonly namespaces: LookedBackAt[] = [];
  /** Paths of its evidence, relative to the report folder, in the order of keeping. */
  readonly evidence: string[] = [];
  /** How long its pods took to become Ready. */
  readonly podStarts: PodStart[] = [];
  /** How its pods got their volumes, as far as it has asked. */
  readonly traces: Trace[] = [];
  /** The open issue of Kubernetes that breaks its promise, as the catalogue has it. */
  readonly knownIssue: KnownIssue | undefined;
  /** Set by `knownIssue()`: that the spec came to the promise, and the error that refuted it, where one did. */
  promiseTried: { refutation?: unknown } | undefined;

  constructor({ id, signal, nodes, sharing, knownIssue, needs, leastNodes, longestWait }: SpecOrigin) {
    this.id = id;
    this.signal = signal;
    this.nodes = nodes;
    this.sharing = sharing;
    this.knownIssue = knownIssue;
    this.longestWait = longestWait;
    this.needs = needs;
    this.leastNodes = leastNodes;
  }
}

const running = new AsyncLocalStorage<CurrentSpec>();

/**
 * Returns the spec that the caller is part of: specs run side by side in one process, and each asynchronous call belongs
 * to the spec that began it. @throws DomainError outside of a spec
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

/** Returns the deadline of a wait of the running spec in milliseconds: its own, or the run's where that is earlier. */
export function waitLimit(within: number): number {
  return Math.min(within, currentSpec().longestWait ?? within);
}

/** Runs something as part of a spec: everything it begins finds that spec as the current one. */
export function asSpec<T>(spec: CurrentSpec, work: () => T): T {
  return running.run(spec, () => withNeeds(spec, work));
}

/**
 * Returns the name of the first node that was assigned to the running spec.
 * @throws DomainError where its requirement does not have `nodes: any`
 */
export function assignedNode(): string {
  const { id, nodes } = currentSpec();
  const [first] = nodes ?? [];
  if (first !== undefined) return first;
  throw new DomainError({
    attempted: `finding the node assigned to ${id}`,
    seen: 'the run assigned none to it',
    remedy: 'Say `nodes: any` in the catalogue.',
  });
}

/**
 * Refuses a node other than those assigned to the running spec, where there are such: another spec may have
 * exclusive use of that node, and stop its kubelet. @throws DomainError
 */
export function assertAssigned(node: string): void {
  const { id, nodes } = currentSpec();
  if (nodes === undefined || nodes.includes(node)) return;
  throw new DomainError({
    attempted: `running ${id} on ${node}`,
    seen: `the run assigned ${nodes.join(' and ')} to it`,
    remedy: 'Ask for `oneNode()` and `anotherNode()` in the spec; or say `nodes: all` in the catalogue.',
  });
}

/**
 * Does some work of the running spec while the other specs of its group rest: none of them sets up or cleans up. A spec
 * without a group has the whole cluster anyway.
 */
export function undisturbed<Result>(work: () => Promise<Result>): Promise<Result> {
  const { sharing, signal } = currentSpec();
  const unlessOver = async () => {
    signal.throwIfAborted();
    return await work();
  };
  return sharing ? sharing.alone(unlessOver) : unlessOver();
}

let given = 0;

/**
 * Returns the beginning of what the running spec calls its things on nodes, such as `k3x9qd-lv-bind-05`. It has the
 * run's id, so that what an interrupted run left on a cluster that stays is in no later run's way.
 */
export function ownPrefix(): string {
  return `${clusterFacts().run}-${currentSpec().id.toLowerCase()}`;
}

/** Returns a name on a node that nothing else has, such as `k3x9qd-lv-bind-05-disk-17`. */
export function newName(what: string): string {
  return `${ownPrefix()}-${what}-${given++}`;
}
