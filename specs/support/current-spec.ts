import { DomainError } from '../../clusters/domain-error.ts';

/** The spec that is running. */
export interface CurrentSpec {
  /** Requirement it proves, such as `SEED-4`. */
  id: string;
  /** Aborted when the spec is over or takes too long, or when the run is interrupted. */
  signal: AbortSignal;
}

interface Running extends CurrentSpec {
  controller: AbortController;
}

// One place per process, even where a loader gives the spec files module instances of their own.
const place = Symbol.for('local-pv-conformance.current-spec');
const shared = globalThis as { [place]?: { running?: Running; stop?: AbortSignal } };
shared[place] ??= {};
const here = shared[place];

/** The spec that is running. Throws a DomainError outside of a spec and its beforeEach and afterEach hooks. */
export function currentSpec(): CurrentSpec {
  if (!here.running) {
    throw new DomainError({
      attempted: 'finding the spec that is running',
      why: 'No spec is running: before and after hooks, and the top level of a spec file, belong to no spec.',
      remedy: 'Move the call into the spec, or into a beforeEach or afterEach hook.',
    });
  }
  return here.running;
}

/** Makes a spec the current one. For the root hooks; a unit test of the specs' vocabulary may call it too. */
export function beginSpec(id: string): CurrentSpec {
  endSpec();
  const controller = new AbortController();
  const signal = here.stop ? AbortSignal.any([controller.signal, here.stop]) : controller.signal;
  const running = { id, signal, controller };
  here.running = running;
  return running;
}

/** Tells the running spec, if any, to stop. It stays the current one until its hooks are through. */
export function stopSpec(reason: Error): void {
  here.running?.controller.abort(reason);
}

/** Ends the running spec, if any, and stops what it may have left under way. */
export function endSpec(): void {
  stopSpec(new Error('the spec is over'));
  delete here.running;
}

/** Lets the signal of every spec follow this one too, until the result is disposed. */
export function stopSpecsWith(stop: AbortSignal): Disposable {
  here.stop = stop;
  return {
    [Symbol.dispose]: () => {
      delete here.stop;
    },
  };
}
