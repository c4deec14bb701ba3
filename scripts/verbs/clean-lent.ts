import { type AccessOptions, findAccess } from '../../clusters/api/access/access.ts';
import { connect } from '../../clusters/api/client.ts';
import { readVersions } from '../../clusters/configuration/versions.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { type Action, performAll } from '../run/actions.ts';
import { takeLease } from '../run/lent-cluster/lease.ts';
import { createdObjects } from '../run/lent-cluster/permissions.ts';
import { type Images, imagesFor, type LentOptions, surveyRemains } from '../run/lent-cluster/survey.ts';
import { type SweepRequest, sweep } from '../run/lent-cluster/sweep.ts';
import { runIdentity } from '../run/run-identity.ts';
import { begunOnly } from './remove-runs.ts';
import { stepsOnTerminal } from './terminal-steps.ts';

/** Removes what runs that died have left on a cluster of the user's: only what bears a run's label, or its name. */
export async function cleanLent(
  options: AccessOptions & Pick<LentOptions, 'namespace' | 'registry' | 'agentImage'>,
): Promise<ExitStatus> {
  const access = await findAccess(options, { environment: process.env });
  using client = await connect({ kubeconfig: access });
  const run = runIdentity().id;
  using steps = stepsOnTerminal('clean');
  const action: Action = {
    name: 'clean',
    title: `Removing what killed runs have left on the cluster of the context ${access.name}`,
    deadline: 10 * 60_000,
    async perform({ progress, signal }) {
      const images = await imagesFor(await readVersions(), options);
      await removeRemains({ client, run, namespace: options.namespace, images, progress, signal });
    },
  };
  const { events, signal } = steps;
  const { outcome } = await performAll([action], { events, journal: begunOnly(action.name), signal });
  if (outcome === 'interrupted') return 'interrupted';
  return outcome === 'done' ? 'conforms' : 'environment';
}

/**
 * Removes what runs that died have left on a cluster, in whose name it holds the Lease meanwhile.
 * @throws DomainError where a run is under way, or what is on nodes has to stay there
 */
export async function removeRemains(
  of: Omit<SweepRequest, 'objects' | 'survey'> & { namespace?: string | undefined; images: Images },
): Promise<void> {
  const { client, run, namespace, images, progress, signal } = of;
  const { withoutAgents, notProvisioned } = await surveyRemains(client, { namespace }, signal);
  const lease = await takeLease(client, { run, namespace, progress, signal });
  try {
    const { dead, staying } = await sweep({
      ...of,
      objects: createdObjects(notProvisioned, namespace),
      survey: { images, withoutAgents },
    });
    if (staying.length > 0) throw notOnNodes(staying, withoutAgents);
    progress.note(dead.length === 0 ? 'nothing was left' : `removed what ${dead.join(', ')} had left`);
  } finally {
    await lease.release();
  }
}

function notOnNodes(runs: readonly string[], why: string | undefined): DomainError {
  return new DomainError({
    attempted: 'removing from the nodes what killed runs have left there',
    on: `runs ${runs.join(', ')}`,
    seen: why ?? 'no agent could be started',
    why: 'their disks are removed by an agent; their objects are gone',
    remedy: 'run it as a user who may: `lpv rbac --tier agent`',
  });
}
