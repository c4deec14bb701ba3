import {
  clusterName,
  imageOption,
  kubernetesOption,
  kubernetesSourceOption,
  noInstallOption,
} from '../command-line/values.ts';
import { usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Creates a three-node cluster with its disks, and leaves it running.',
  examples: ['lpv up --name dev', 'lpv up --image published --kubernetes 1.36'],
  statuses: { ...usualStatuses, conforms: 'the cluster is ready' },
};

const command = verbCommand('up', help)
  .addOption(imageOption)
  .addOption(kubernetesOption)
  .addOption(kubernetesSourceOption)
  .option('--name <NAME>', 'the name of the cluster (default: a name that is free)', clusterName)
  .addOption(noInstallOption);

/** `lpv up`: creates a cluster with its disks and leaves it running. */
export const up = verb(command, help, async (options) => {
  const [
    { performAll },
    { planCluster },
    { ClusterState },
    { clusterSteps },
    { beginSession },
    { keptAdvice },
    { assertReportFolder },
  ] = await Promise.all([
    import('../run/actions.ts'),
    import('../run/cluster/plan.ts'),
    import('../run/cluster/state.ts'),
    import('../run/cluster/steps.ts'),
    import('../run/session.ts'),
    import('./own-cluster.ts'),
    import('./report-folder.ts'),
  ]);
  const plan = await planCluster(options);
  await assertReportFolder('reports');
  const state = new ClusterState();
  await using session = await beginSession({ verb: 'up', reports: 'reports', name: options.name });
  const { target, events, journal, signal, keepStep } = session;
  signal.addEventListener('abort', () => state.forgoLogs());
  const performance = await performAll([...clusterSteps(plan, target, state), keepStep], { events, journal, signal });
  const status = await session.finish();
  if (performance.outcome === 'done') process.stdout.write(`${keptAdvice(target)}\n`);
  return status;
});
