import { imageOption, kubernetesOption, kubernetesSourceOption, noInstallOption } from '../command-line/values.ts';
import { usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Makes the node image available: pulls the published one, or builds it.',
  examples: ['lpv image --kubernetes 1.36', 'lpv image --image built --kubernetes-source ../kubernetes'],
  statuses: { ...usualStatuses, conforms: 'the image is there', environment: 'the image is not available' },
};

const command = verbCommand('image', help)
  .addOption(imageOption)
  .addOption(kubernetesOption)
  .addOption(kubernetesSourceOption)
  .option('--rebuild', 'build the node image even where it exists already')
  .addOption(noInstallOption);

/** `lpv image`: makes the node image available and prints its name. */
export const image = verb(command, help, async (options) => {
  const [{ performAll }, { planCluster }, { ClusterState }, { imageSteps }, { beginSession }, { assertReportFolder }] =
    await Promise.all([
      import('../run/actions.ts'),
      import('../run/cluster/plan.ts'),
      import('../run/cluster/state.ts'),
      import('../run/cluster/steps.ts'),
      import('../run/session.ts'),
      import('./report-folder.ts'),
    ]);
  const plan = await planCluster(options);
  await assertReportFolder('reports');
  const state = new ClusterState();
  await using session = await beginSession({ verb: 'image', reports: 'reports' });
  const { events, journal, signal } = session;
  await performAll(imageSteps(plan, state), { events, journal, signal });
  const status = await session.finish();
  if (state.image) process.stdout.write(`   node image: ${state.image.reference}\n`);
  return status;
});
