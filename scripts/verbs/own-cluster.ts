import { DomainError } from '../../clusters/errors/domain-error.ts';
import { pasteable } from '../../clusters/host/command/commander.ts';
import type { ClusterSite } from '../run/cluster/steps.ts';
import type { Registry, RegistryEntry } from '../run/registry.ts';

/** The name of a cluster as users write it: `dev` for the cluster lpv-dev. */
export function shortName(cluster: string): string {
  return cluster.replace(/^lpv-/, '');
}

/**
 * The entry of a cluster of ours, by its short or whole name.
 * @throws DomainError (badUsage) where the harness has no record of it: what it did not make it does not touch
 */
export async function ownCluster(registry: Registry, name: string): Promise<RegistryEntry> {
  const entries = await registry.entries();
  const found = entries.find(({ cluster }) => cluster === name || cluster === `lpv-${name}`);
  if (found) return found;
  const known = entries.map(({ cluster }) => shortName(cluster));
  throw new DomainError(
    {
      attempted: `finding the cluster ${name}`,
      seen: known.length > 0 ? `clusters of ours: ${known.join(', ')}` : 'there is no cluster of ours',
      why: 'the harness touches only clusters that it has a record of making',
      remedy: '`lpv clusters` lists them; `lpv up --name NAME` creates one',
    },
    { exit: 'badUsage' },
  );
}

/** What a user needs to go on with a cluster that stays: the lines to paste. */
export function keptAdvice(site: Pick<ClusterSite, 'cluster' | 'kubeconfig'>): string {
  return [
    `\n   the cluster ${site.cluster} stays:`,
    `   export KUBECONFIG=${pasteable([site.kubeconfig])}`,
    `   npm run lpv -- run --use ${shortName(site.cluster)}`,
    `   npm run lpv -- down ${shortName(site.cluster)}`,
  ].join('\n');
}
