import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { Shard } from '../../specs/runner/shards.ts';

/** What has started the harness in a pod, and what that wants of it. */
export type Driver =
  | { kind: 'hydrophone'; focus: string; skip: string; dryRun: boolean }
  | { kind: 'sonobuoy'; results: string; progressPort: string | undefined }
  | { kind: 'job'; shard: Shard | undefined };

/**
 * Returns what has started the harness, by the variables that it sets: Sonobuoy's worker SONOBUOY_RESULTS_DIR, hydrophone
 * E2E_USE_GO_RUNNER, an Indexed Job JOB_COMPLETION_INDEX beside our own LPV_SHARDS. Without them it is a Job, or a pod.
 * @throws DomainError (badUsage) where an index has no place among the shards
 */
export function driverOf(environment: NodeJS.ProcessEnv): Driver {
  const { SONOBUOY_RESULTS_DIR, RESULTS_DIR, SONOBUOY, SONOBUOY_PROGRESS_PORT } = environment;
  const results = SONOBUOY_RESULTS_DIR || (SONOBUOY ? RESULTS_DIR : undefined);
  if (results) return { kind: 'sonobuoy', results, progressPort: SONOBUOY_PROGRESS_PORT || undefined };
  const { E2E_USE_GO_RUNNER, E2E_FOCUS = '', E2E_SKIP = '', E2E_DRYRUN } = environment;
  if (E2E_USE_GO_RUNNER || E2E_FOCUS)
    return { kind: 'hydrophone', focus: E2E_FOCUS, skip: E2E_SKIP, dryRun: E2E_DRYRUN === 'true' };
  return { kind: 'job', shard: shardOf(environment) };
}

function shardOf({ JOB_COMPLETION_INDEX: index, LPV_SHARDS: shards }: NodeJS.ProcessEnv): Shard | undefined {
  if (!shards) return undefined;
  const [place, of] = [Number(index), Number(shards)];
  if (Number.isInteger(of) && /^\d+$/.test(index ?? '') && place < of) return { index: place + 1, of };
  throw new DomainError(
    {
      attempted: 'choosing the shard of this pod',
      seen: `LPV_SHARDS is ${shards}, JOB_COMPLETION_INDEX is ${index ?? 'not set'}`,
      remedy:
        'use the manifests of `lpv runner --job --shards N`, or completions: N in a Job with completionMode: Indexed',
    },
    { exit: 'badUsage' },
  );
}
