import {
  agentImageOption,
  asGroupOption,
  asOption,
  clusterName,
  contextOption,
  imageOption,
  kubeconfigOption,
  kubernetesOption,
  kubernetesSourceOption,
  noInstallOption,
  pod,
  registryOption,
  text,
} from '../command-line/values.ts';
import { Option, usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Shows how a pod gets its local volume, from the components’ own records; also of a pod that is stuck.',
  examples: [
    'lpv trace',
    'lpv trace --pod default/reader',
    'lpv trace --pod demo/db-0 --kubeconfig ~/other.kubeconfig',
    'lpv trace --pod demo/db-0 --use dev --json',
  ],
  statuses: {
    ...usualStatuses,
    conforms: 'the trace was made; with --pod: the pod runs, or is on its way',
    doesNotConform: 'with --pod: the pod is stuck',
    badUsage: 'the command line is wrong, or there is no such pod, or it has no local volume',
  },
};

const ofOwnCluster = ['image', 'kubernetes', 'kubernetesSource'];
/** What says nothing about a cluster of the user’s. */
const notOfTheUser = ['use', ...ofOwnCluster];

const command = verbCommand('trace', help)
  .addOption(imageOption)
  .addOption(kubernetesOption)
  .addOption(kubernetesSourceOption)
  .addOption(
    new Option(
      '--pod <NAMESPACE/NAME>',
      'explain this pod, as it is now, instead of running the scenario; the cluster is only read',
    )
      .argParser(pod)
      .conflicts(ofOwnCluster),
  )
  .addOption(
    new Option('--use <NAME>', 'take this cluster of `lpv clusters`, and leave it running')
      .argParser(clusterName)
      .conflicts(ofOwnCluster),
  )
  .addOption(kubeconfigOption().conflicts(notOfTheUser))
  .addOption(contextOption().conflicts(notOfTheUser))
  .addOption(asOption().conflicts(notOfTheUser))
  .addOption(asGroupOption().conflicts(notOfTheUser))
  .addOption(
    new Option(
      '--agent',
      'with --pod: also read the node, through a privileged pod there that goes with the trace (clusters/any-cluster.md)',
    ).conflicts(notOfTheUser),
  )
  .addOption(registryOption().conflicts(notOfTheUser))
  .addOption(agentImageOption().conflicts(notOfTheUser))
  .option(
    '--report <DIR>',
    'the folder in which the folder of the trace is made (default: reports; with --pod nothing is written without it)',
    text,
  )
  .option('--json', 'print JSON')
  .addOption(noInstallOption);

/** `lpv trace`: shows how a pod gets its local volume: the scenario's in both binding modes, or one that exists. */
export const trace = verb(command, help, async (options) => (await import('./show-trace.ts')).showTrace(options));
