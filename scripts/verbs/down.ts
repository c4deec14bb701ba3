import { clusterName } from '../command-line/values.ts';
import { Argument, BadUsage, usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Removes a cluster that `lpv up` created or a run kept.',
  examples: ['lpv down dev', 'lpv down --all'],
  statuses: { ...usualStatuses, conforms: 'the cluster is gone' },
};

const command = verbCommand('down', help)
  .addArgument(new Argument('[NAME]', 'the cluster to remove').argParser(clusterName))
  .option('--all', 'every cluster of this project on this machine');

/** `lpv down`: removes one cluster of ours, or all that no process is using. */
export const down = verb(command, help, async (name, { all }) => {
  if (name === undefined && !all)
    throw new BadUsage(['down'], 'the name of a cluster is missing; write it, or --all', 'down');
  if (name !== undefined && all)
    throw new BadUsage(['down', name, '--all'], `--all cannot go with the name ${name}`, 'down');
  const [{ Registry }, { ownCluster }, { removeRuns }] = await Promise.all([
    import('../run/registry.ts'),
    import('./own-cluster.ts'),
    import('./remove-runs.ts'),
  ]);
  const registry = new Registry();
  if (name !== undefined) return await removeRuns(registry, [await ownCluster(registry, name)]);
  const live = new Set((await registry.liveRuns()).map(({ run }) => run));
  return await removeRuns(
    registry,
    (await registry.entries()).filter(({ run }) => !live.has(run)),
  );
});
