import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import type { DownOptions } from '../command-line/options.ts';
import { Registry } from '../run/registry.ts';
import { ownCluster } from './own-cluster.ts';
import { removeRuns } from './remove-runs.ts';

/** `lpv down`: removes one cluster of ours, or all that no process is using. */
export default async function down(options: DownOptions): Promise<ExitStatus> {
  const registry = new Registry();
  if (options.name !== undefined) return await removeRuns(registry, [await ownCluster(registry, options.name)]);
  const live = new Set((await registry.liveRuns()).map(({ run }) => run));
  return await removeRuns(
    registry,
    (await registry.entries()).filter(({ run }) => !live.has(run)),
  );
}
