import { DomainError } from '../../clusters/errors/domain-error.ts';
import { lpv } from '../../clusters/project-root.ts';
import { clusterName } from '../command-line/values.ts';
import { Argument, BadUsage, usualStatuses, verb, verbCommand } from '../command-line/verb.ts';
import type { Decision } from '../run/registry.ts';

const help = {
  sentence: 'Removes a cluster that `lpv up` created or a run kept.',
  examples: ['lpv down dev', 'lpv down --all'],
  statuses: {
    ...usualStatuses,
    conforms: 'the cluster is gone; with --all: every one that no process is using',
    environment: 'the cluster is in use, or could not be removed',
  },
};

const command = verbCommand('down', help)
  .addArgument(new Argument('[NAME]', 'the cluster to remove').argParser(clusterName))
  .option('--all', 'every cluster of this project on this machine that no process is using')
  .option('--force', 'also a cluster that a process is creating or using');

/** `lpv down`: removes one cluster of ours, or all that no process is using. */
export const down = verb(command, help, async (name, { all, force = false }) => {
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
  if (name !== undefined) {
    const entry = await ownCluster(registry, name);
    const decision = (await registry.decisions()).find(({ entry: { run } }) => run === entry.run);
    if (!force && decision?.clean === false && decision.state === 'live')
      throw new DomainError({
        attempted: `removing the cluster ${entry.cluster}`,
        seen: decision.because,
        remedy: `wait until that process has ended, or interrupt it; ${lpv('down --force')} removes the cluster under it`,
      });
    return await removeRuns(registry, [entry], { verb: 'down', force });
  }
  const made = (await registry.decisions()).filter(({ entry }) => entry.found === undefined);
  const live = (decision: Decision) => !decision.clean && decision.state === 'live';
  for (const decision of made)
    if (!force && live(decision)) process.stdout.write(`   ${decision.entry.cluster} stays: ${decision.because}\n`);
  const going = made.filter((decision) => force || !live(decision)).map(({ entry }) => entry);
  return await removeRuns(registry, going, { verb: 'down', force, exceptUsed: true });
});
