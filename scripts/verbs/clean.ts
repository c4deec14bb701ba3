import { usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Removes what interrupted or killed runs left behind; clusters that were kept stay.',
  examples: ['lpv clean'],
  statuses: { ...usualStatuses, conforms: 'nothing is left', environment: 'something could not be removed' },
};

/**
 * `lpv clean`: removes what runs left whose process is gone, also on a cluster that they used. Kept clusters and runs
 * under way stay. A record that cannot be read is shown, and costs only itself.
 */
export const clean = verb(verbCommand('clean', help), help, async () => {
  const [{ Registry }, { removeRuns }] = await Promise.all([import('../run/registry.ts'), import('./remove-runs.ts')]);
  const registry = new Registry();
  const dead = (await registry.decisions()).filter((decision) => decision.clean);
  for (const { entry, because } of dead) process.stdout.write(`   ${entry.cluster}: ${because}\n`);
  const entries = dead.map(({ entry }) => entry);
  const status = await removeRuns(registry, entries, { verb: 'clean' });
  const unreadable = await registry.unreadable();
  for (const problem of unreadable) process.stderr.write(`${problem.message}\n`);
  return status === 'conforms' && unreadable.length > 0 ? 'environment' : status;
});
