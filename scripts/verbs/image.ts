import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import type { ImageOptions } from '../command-line/options.ts';
import { performAll } from '../run/actions.ts';
import { planCluster } from '../run/cluster/plan.ts';
import { Construction, imageSteps } from '../run/cluster/steps.ts';
import { beginSession } from '../run/session.ts';

/** `lpv image`: makes the node image available and prints its name. */
export default async function image(options: ImageOptions): Promise<ExitStatus> {
  const plan = await planCluster(options);
  const made = new Construction();
  await using session = await beginSession({ verb: 'image', reports: 'reports' });
  const { events, journal, signal } = session;
  await performAll(imageSteps(plan, made), { events, journal, signal });
  const verdict = await session.finish();
  if (made.image) process.stdout.write(`   node image: ${made.image.reference}\n`);
  return verdict;
}
