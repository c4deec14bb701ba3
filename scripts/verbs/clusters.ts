import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import type { ClustersOptions } from '../command-line/options.ts';
import { livenessOf } from '../run/process-identity.ts';
import { Registry, whichToClean } from '../run/registry.ts';
import { shortName } from './own-cluster.ts';

/** `lpv clusters`: the clusters of this project on this machine, and what became of their runs. */
export default async function clusters(_options: ClustersOptions): Promise<ExitStatus> {
  const decisions = whichToClean(await new Registry().entries(), (identity) => livenessOf(identity));
  if (decisions.length === 0) process.stdout.write('no clusters of this project\n');
  for (const decision of decisions) {
    const state = decision.clean ? 'dead' : decision.state;
    const advice = decision.clean
      ? 'lpv clean removes it'
      : decision.state === 'kept'
        ? `lpv down ${shortName(decision.entry.cluster)} removes it`
        : '';
    process.stdout.write(
      `${[shortName(decision.entry.cluster).padEnd(20), state.padEnd(5), decision.because, advice].filter(Boolean).join('  ')}\n`,
    );
  }
  return 'conforms';
}
