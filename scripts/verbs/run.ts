import { seedLimit } from '../../specs/runner/seed.ts';
import {
  agentImageOption,
  asGroupOption,
  asOption,
  chapterOption,
  clusterName,
  contextOption,
  featureOption,
  grepOption,
  imageOption,
  keyValue,
  kubeconfigOption,
  kubernetesSourceOption,
  levelOption,
  minors,
  namespaceOption,
  needsOption,
  nodeFolder,
  noInstallOption,
  registryOption,
  rowOption,
  shard,
  subjectOption,
  text,
  texts,
  wholeNumber,
} from '../command-line/values.ts';
import {
  mayBeRepeated,
  Option,
  type OptionsOf,
  readOptions,
  usualStatuses,
  verb,
  verbCommand,
} from '../command-line/verb.ts';

const help = {
  sentence: 'Runs the specs on a real three-node cluster, writes a report, and removes the cluster.',
  examples: [
    'lpv run',
    'lpv run --grep SEED-6 --keep=failure',
    'lpv run --use dev --chapter binding --seed 42',
    'lpv run --context staging --dry-run',
  ],
  statuses: {
    ...usualStatuses,
    conforms: 'every requirement that was run holds',
    doesNotConform: 'a requirement does not hold, or none was run',
  },
};

/** What says nothing about a cluster of the user’s. */
const ofOwnCluster = ['use', 'image', 'kubernetes', 'kubernetesSource', 'keep'];

const command = verbCommand('run', help)
  .addOption(imageOption)
  .addOption(
    new Option(
      '--kubernetes <MINOR[,MINOR]>',
      'the Kubernetes minor, such as 1.37 (default: the one that clusters/versions.yaml names); or several, which are run one after the other and compared with the first',
    ).argParser(minors),
  )
  .addOption(kubernetesSourceOption)
  .addOption(
    new Option('--use <NAME>', 'run on this cluster, made by `lpv up`, and leave it running')
      .argParser(clusterName)
      .conflicts(['image', 'kubernetes', 'kubernetesSource', 'keep']),
  )
  .addOption(kubeconfigOption().conflicts(ofOwnCluster))
  .addOption(contextOption().conflicts(ofOwnCluster))
  .addOption(asOption().conflicts(ofOwnCluster))
  .addOption(asGroupOption().conflicts(ofOwnCluster))
  .addOption(namespaceOption().conflicts([...ofOwnCluster, 'disruptive', 'agentImage', 'disks']))
  .addOption(
    new Option('--nodes <A,B,C>', 'of your cluster, the three nodes that specs use (default: the first that are fit)')
      .argParser(texts)
      .conflicts(ofOwnCluster),
  )
  .addOption(
    new Option('--no-agent', 'create no privileged pods on your cluster: what needs its nodes is skipped').conflicts(
      ofOwnCluster,
    ),
  )
  .addOption(
    new Option(
      '--disruptive',
      'also what changes nodes of your cluster: labels, taints, cordons, kubelet stopped and started',
    ).conflicts(ofOwnCluster),
  )
  .addOption(
    new Option('--disks <FOLDER>', 'the folder of your nodes in which disks are mounted (default: /mnt/disks)')
      .argParser(nodeFolder)
      .conflicts(ofOwnCluster),
  )
  .addOption(registryOption().conflicts(ofOwnCluster))
  .addOption(agentImageOption().conflicts(ofOwnCluster))
  .addOption(
    new Option('--yes', 'run on your cluster without asking for the name of its context').conflicts(ofOwnCluster),
  )
  .addOption(grepOption)
  .addOption(chapterOption)
  .addOption(levelOption)
  .addOption(subjectOption)
  .addOption(featureOption)
  .addOption(needsOption)
  .addOption(rowOption)
  .option(
    '--shard <I/N>',
    'of the chosen requirements only the I-th of N parts, which take about as long as each other; `lpv merge` joins their reports',
    shard,
  )
  .option(
    '--seed <NUMBER>',
    'run the specs in the order that follows from this number (default: a new one, which is printed)',
    wholeNumber(0, seedLimit - 1),
  )
  .option(
    '--jobs <NUMBER>',
    'how many specs run at the same time (default: five for each processor)',
    wholeNumber(1, 64),
  )
  .option(
    '--repeat <TIMES>',
    'run all of it so many times in a row on the same cluster, each time in another order',
    wholeNumber(1, 100),
    1,
  )
  .addOption(
    new Option('--keep <WHEN>', 'when to leave the cluster running after the run')
      .choices(['never', 'failure', 'always'] as const)
      .default('never' as const),
  )
  .option('--strict', 'end with 3 where a spec was skipped: where this cluster or machine lacks what it needs')
  .addOption(new Option('--list', 'print the requirements that would be run, and do nothing').conflicts('dryRun'))
  .option('--dry-run', 'print the steps that would be taken, and do nothing')
  .option('--report <DIR>', 'the folder in which the folder of the run is made', text, 'reports')
  .option('--reporter <NAME>', 'a reporter of mocha that runs beside ours, such as spec or xunit, or its module', text)
  .addOption(
    mayBeRepeated(
      new Option('--reporter-option <KEY=VALUE>', 'an option of that reporter, such as output=run.xml').argParser(
        keyValue,
      ),
    ),
  )
  .option(
    '--product <FILE>',
    'what is tested, for the conformance report: a PRODUCT.yaml as CNCF defines it (default: the cluster itself)',
    text,
  )
  .addOption(noInstallOption);

type RunOptions = OptionsOf<typeof command>;

/** `lpv run`: runs the specs on a cluster of its own, on one for each minor, or on one that `lpv up` made. */
export const run = verb(command, help, async (options) => (await import('./run-specs.ts')).runSpecs(options));

/**
 * Returns the options of `lpv run`; `argv` is what follows `run`.
 * @throws BadUsage
 */
export const readRunOptions = (argv: readonly string[]): RunOptions => readOptions(command, argv);
