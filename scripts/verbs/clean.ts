import { usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Removes what interrupted or killed runs left behind; clusters that were kept stay.',
  examples: ['lpv clean'],
  statuses: { ...usualStatuses, conforms: 'nothing is left', environment: 'something could not be removed' },
};

/** `lpv clean`: removes what runs left whose process is gone. Kept clusters and runs under way stay. */
export const clean = verb(verbCommand('clean', help), help, async () => {
  const [{ Registry }, { removeRuns }] = await Promise.all([import('../run/registry.ts'), import('./remove-runs.ts')]);
  const registry = new Registry();
  return await removeRuns(registry, await registry.deadRuns());
});
