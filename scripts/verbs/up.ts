import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import type { UpOptions } from '../command-line/options.ts';
import { performAll } from '../run/actions.ts';
import { planCluster } from '../run/cluster/plan.ts';
import { Construction, clusterSteps } from '../run/cluster/steps.ts';
import { beginSession } from '../run/session.ts';
import { keptAdvice } from './own-cluster.ts';

/** `lpv up`: creates a cluster with its disks and leaves it running. */
export default async function up(options: UpOptions): Promise<ExitStatus> {
  const plan = await planCluster(options);
  const made = new Construction();
  await using session = await beginSession({ verb: 'up', reports: 'reports', name: options.name });
  const { site, events, journal, signal } = session;
  signal.addEventListener('abort', () => made.forgoLogs());
  const performance = await performAll(clusterSteps(plan, site, made), { events, journal, signal });
  if (performance.outcome === 'done') await session.keep();
  const verdict = await session.finish();
  if (performance.outcome === 'done') process.stdout.write(`${keptAdvice(site)}\n`);
  return verdict;
}
