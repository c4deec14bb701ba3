import { once } from 'node:events';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { Action } from './actions.ts';

/** The variable by which `npm test` tells a run that its checks go on, and that it sends a word when they have ended. */
export const awaitChecks = 'LPV_AWAIT_CHECKS';

/** What `npm test` sends then. */
export interface ChecksEnded {
  checks: 'passed' | 'failed';
}

/** The part of `process` that this needs; a unit test gives its own. */
type Child = Pick<NodeJS.Process, 'env' | 'on'> & { send?: NodeJS.Process['send'] };

/**
 * Returns the last step before the specs, where `npm test` has begun the run: waits until its checks have ended, beside
 * which the cluster is created. Elsewhere there is no such step.
 */
export function checksStep(child: Child = process): Action[] {
  if (child.env[awaitChecks] !== 'yes' || !child.send) return [];
  const ended = new Promise<ChecksEnded['checks'] | 'gone'>((resolve) => {
    child.on('message', ({ checks }: Partial<ChecksEnded>) => {
      if (checks) resolve(checks);
    });
    child.on('disconnect', () => resolve('gone'));
  });
  return [
    {
      name: 'checks',
      title: 'Waiting for the checks',
      deadline: 15 * 60_000,
      async perform({ signal }) {
        const seen = await Promise.race([ended, once(signal, 'abort')]);
        signal.throwIfAborted();
        if (seen === 'passed') return;
        throw new DomainError({
          attempted: 'waiting for the checks of `npm test`',
          seen: seen === 'gone' ? 'it has ended' : 'one of them has failed',
          why: 'a cluster says little about a tree that fails its own checks',
        });
      },
    },
  ];
}
