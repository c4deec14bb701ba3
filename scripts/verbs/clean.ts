import { messageOf } from '../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import {
  agentImageOption,
  asGroupOption,
  asOption,
  contextOption,
  kubeconfigOption,
  namespaceOption,
  registryOption,
} from '../command-line/values.ts';
import { usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Removes what interrupted or killed runs and builds left behind; clusters that were kept stay.',
  examples: ['lpv clean', 'lpv clean --context staging'],
  statuses: { ...usualStatuses, conforms: 'nothing is left', environment: 'something could not be removed' },
};

const command = verbCommand('clean', help)
  .addOption(kubeconfigOption())
  .addOption(contextOption())
  .addOption(asOption())
  .addOption(asGroupOption())
  .addOption(namespaceOption())
  .addOption(registryOption())
  .addOption(agentImageOption());

/**
 * `lpv clean`: removes what runs and builds left once their process is gone, also on a cluster that they used. Kept
 * clusters and runs under way stay. On a cluster of the user's, what a killed run has left there. A record that cannot be
 * read is shown; the others are still removed.
 */
export const clean = verb(command, help, async (options) => {
  if (options.kubeconfig !== undefined || options.context !== undefined)
    return await (await import('./clean-lent.ts')).cleanLent(options);
  const [{ Registry }, { removeRuns }] = await Promise.all([import('../run/registry.ts'), import('./remove-runs.ts')]);
  const registry = new Registry();
  const dead = (await registry.decisions()).filter((decision) => decision.clean);
  for (const { entry, because } of dead) process.stdout.write(`   ${entry.cluster}: ${because}\n`);
  const entries = dead.map(({ entry }) => entry);
  const builds = await removeBuilds();
  const runs = await removeRuns(registry, entries, { verb: 'clean' });
  const unreadable = await registry.unreadable();
  for (const problem of unreadable) process.stderr.write(`${problem.message}\n`);
  if (runs !== 'conforms') return runs;
  return unreadable.length > 0 ? 'environment' : builds;
});

/** Removes what killed builds of node images left. */
async function removeBuilds(): Promise<ExitStatus> {
  const [{ removeDeadBuilds }, { buildsFolder }, { engineForUndo }] = await Promise.all([
    import('../../clusters/host/node-image/build-folder.ts'),
    import('../run/cluster/plan.ts'),
    import('../run/cluster/machine-steps.ts'),
  ]);
  try {
    for (const folder of await removeDeadBuilds(buildsFolder(process.env), () =>
      engineForUndo(new AbortController().signal),
    ))
      process.stdout.write(` ✓ Removing what a killed build left in ${folder}\n`);
    return 'conforms';
  } catch (error) {
    process.stderr.write(` ✗ ${messageOf(error)}\n`);
    return 'environment';
  }
}
