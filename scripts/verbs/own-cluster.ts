import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { pasteable } from '../../clusters/host/command/commander.ts';
import { lpv } from '../../clusters/project-root.ts';
import type { ClusterTarget } from '../run/cluster/state.ts';
import type { Registry, RegistryEntry } from '../run/registry.ts';

/** Returns the name of a cluster as users write it: `dev` for the cluster lpv-dev. */
export function shortName(cluster: string): string {
  return cluster.replace(/^lpv-/, '');
}

/**
 * Returns the entry of a cluster of ours, by its short or whole name.
 * @throws DomainError (badUsage) where the harness has no record of it: what it did not make it does not touch
 */
export async function ownCluster(registry: Registry, name: string): Promise<RegistryEntry> {
  const entries = (await registry.entries()).filter(({ found }) => found === undefined);
  // Of lpv-x and lpv-lpv-x, `x` and `lpv-x` mean the first.
  const found = [`lpv-${name.replace(/^lpv-/, '')}`, `lpv-${name}`].flatMap((wanted) =>
    entries.filter(({ cluster }) => cluster === wanted),
  );
  if (found[0]) return found[0];
  const known = entries.map(({ cluster }) => shortName(cluster));
  throw new DomainError(
    {
      attempted: `finding the cluster ${name}`,
      seen: known.length > 0 ? `clusters of ours: ${known.join(', ')}` : 'there is no cluster of ours',
      why: 'the harness touches only clusters that it has a record of making',
      remedy: `${lpv('clusters')} lists them; ${lpv('up --name NAME')} creates one`,
    },
    { exit: 'badUsage' },
  );
}

/**
 * Returns the entry of a cluster of ours that a run may use.
 * @throws DomainError also where a run was killed that used it, and left there what it had changed
 */
export async function usableCluster(registry: Registry, name: string): Promise<RegistryEntry> {
  const entry = await ownCluster(registry, name);
  const dead = (await registry.decisions()).find(
    ({ clean, entry: { cluster, found } }) => clean && found !== undefined && cluster === entry.cluster,
  );
  if (dead === undefined) return entry;
  throw new DomainError({
    attempted: `using the cluster ${entry.cluster}`,
    seen: `run ${dead.entry.run} was killed while it used it`,
    why: 'pods, disks and stopped kubelets that it left would change what specs see',
    remedy: `restore the cluster: ${lpv('clean')}`,
  });
}

/** Returns how to open the report of a run, and how to keep the cluster where the run has removed its own. */
export function endAdvice(folder: string, removed: boolean): string {
  const page = join(folder, 'report.html');
  return [
    ...(existsSync(page) ? [`   open it in a browser: ${pathToFileURL(page)}`] : []),
    ...(removed ? ['   the cluster was removed; with --keep=failure or --keep=always it stays'] : []),
  ].join('\n');
}

/** Returns the lines to paste with which a user goes on with a cluster that stays. */
export function keptAdvice(target: Pick<ClusterTarget, 'cluster' | 'kubeconfig'>): string {
  return [
    `\n   the cluster ${target.cluster} stays:`,
    `   export KUBECONFIG=${pasteable([target.kubeconfig])}`,
    `   ${lpv(`run --use ${shortName(target.cluster)}`)}`,
    `   ${lpv(`down ${shortName(target.cluster)}`)}`,
  ].join('\n');
}
