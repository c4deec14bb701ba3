import { lpv } from '../../clusters/project-root.ts';
import { usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Lists the clusters of this project, and what interrupted or killed runs and builds left behind.',
  examples: ['lpv clusters'],
  statuses: { ...usualStatuses, conforms: 'the list was printed' },
};

/** `lpv clusters`: lists this machine's clusters of the project, the state of their runs, and what killed builds left. */
export const clusters = verb(verbCommand('clusters', help), help, async () => {
  const [{ Registry }, { shortName }, { deadBuilds }, { buildsFolder }] = await Promise.all([
    import('../run/registry.ts'),
    import('./own-cluster.ts'),
    import('../../clusters/host/node-image/build-folder.ts'),
    import('../run/cluster/plan.ts'),
  ]);
  const registry = new Registry();
  const decisions = await registry.decisions();
  if (decisions.length === 0) process.stdout.write('no clusters of this project\n');
  for (const decision of decisions) {
    const state = decision.clean ? 'dead' : decision.state;
    const advice = decision.clean
      ? `${lpv('clean')} ${decision.entry.found ? 'restores' : 'removes'} it`
      : decision.state === 'kept'
        ? `${lpv(`down ${shortName(decision.entry.cluster)}`)} removes it`
        : '';
    process.stdout.write(
      `${[shortName(decision.entry.cluster).padEnd(20), state.padEnd(5), decision.because, advice].filter(Boolean).join('  ')}\n`,
    );
  }
  for (const folder of await deadBuilds(buildsFolder(process.env)))
    process.stdout.write(`${folder}  a killed build of a node image left it  ${lpv('clean')} removes it\n`);
  for (const problem of await registry.unreadable()) process.stdout.write(`${problem.message}\n`);
  return 'conforms';
});
