import { NotConsistent, WaitTimedOut } from '../../clusters/api/wait.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { minorOf } from '../catalogue/features.ts';
import { type CurrentSpec, currentSpec } from './current-spec.ts';
import type { SpecOutcome } from './tracker.ts';

/**
 * Tries the promise of the running spec that Kubernetes is known to break. Put the one assertion into it that is known
 * to fail: what prepares it, and what goes beside it, stays outside and fails the spec as anywhere. Where the assertion
 * fails in a minor that the catalogue's `knownIssue` lists, the outcome of the spec is `knownIssue`; where it holds, the
 * spec goes on, and the report says that the issue no longer shows.
 * @throws what the assertion throws; DomainError where the requirement has no `knownIssue`, or at a second call
 * @example await knownIssue(() => expect(pod).to.runOn('node2'));
 */
export async function knownIssue(assertion: () => unknown): Promise<void> {
  const spec = currentSpec();
  if (!spec.knownIssue) throw misuse(spec, 'its requirement has none', 'Add `knownIssue` to the catalogue.');
  if (spec.promiseTried) throw misuse(spec, 'it is the second call', 'Put the whole promise into one call.');
  spec.promiseTried = {};
  try {
    await assertion();
  } catch (error) {
    if (refutes(error) && !spec.signal.aborted) spec.promiseTried = { refutation: error };
    throw error;
  }
}

/**
 * Returns how a spec has ended, once its known issue is considered: one that never tried its promise has failed,
 * whatever it threw or did not throw. `kubernetes` is the version of the API server, such as `v1.37.2`.
 */
export function considerKnownIssue(outcome: SpecOutcome, spec: CurrentSpec, kubernetes: string): SpecOutcome {
  const { knownIssue: issue, promiseTried } = spec;
  if (!issue) return outcome;
  const refutation = promiseTried?.refutation;
  if (outcome.outcome === 'passed') {
    if (!promiseTried) {
      const thrown = misuse(spec, 'the spec ended before any call', 'Put the assertion that is known to fail into it.');
      return { outcome: 'failed', thrown };
    }
    if (refutation === undefined) return outcome;
    const thrown = misuse(spec, 'the spec caught its error', 'Let the error end the spec.', refutation);
    return { outcome: 'failed', thrown };
  }
  const isIt = outcome.outcome === 'failed' && refutation !== undefined && outcome.thrown === refutation;
  if (!isIt || !issue.minors.includes(minorOf(kubernetes).join('.'))) return outcome;
  return { outcome: 'knownIssue', issue, thrown: refutation };
}

/** Returns whether an error says that the promise is broken, and not that it could not be tried. */
function refutes(error: unknown): boolean {
  if (error instanceof WaitTimedOut || error instanceof NotConsistent) return true;
  if (error instanceof DomainError) return error.exit === 'doesNotConform';
  return error instanceof Error && error.name === 'AssertionError';
}

function misuse({ id }: CurrentSpec, seen: string, remedy: string, cause?: unknown): DomainError {
  return new DomainError({ attempted: `trying the known issue of ${id} in knownIssue()`, seen, remedy }, { cause });
}
