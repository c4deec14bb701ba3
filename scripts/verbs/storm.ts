import {
  eachOnce,
  imageOption,
  kubernetesOption,
  kubernetesSourceOption,
  noInstallOption,
  text,
  wholeNumber,
} from '../command-line/values.ts';
import { InvalidArgumentError, Option, usualStatuses, verb, verbCommand } from '../command-line/verb.ts';
import { bindings, layouts, limitNames, planCells } from '../storm/cells.ts';

const help = {
  sentence: 'Binds many claims under load, on nodes that kwok plays: times, costs, and whether every invariant holds.',
  examples: [
    'lpv storm',
    'lpv storm --nodes 0,100,300 --claims 100,300,1000 --limits raised',
    'lpv storm --class wait,immediate --layout shared,classes,pinned --kubernetes 1.36',
  ],
  statuses: {
    ...usualStatuses,
    conforms: 'in every cell that was begun all claims were bound, all pods scheduled, all invariants held',
    doesNotConform: 'an invariant did not hold, or no cell was measured',
    environment: 'the machine, the engine or the cluster is at fault, or claims were not bound and scheduled in time',
  },
};

/** Returns a parser of several values, each named once. */
function severalOf<T>(parse: (value: string) => T): (value: string) => T[] {
  return (value) => {
    const words = value.split(',').map((word) => word.trim());
    return eachOnce(words).map(parse);
  };
}

function oneOf<T extends string>(known: readonly T[]): (value: string) => T {
  return (value) => {
    const found = known.find((each) => each === value);
    if (found === undefined) throw new InvalidArgumentError(`${value} is none of ${known.join(', ')}.`);
    return found;
  };
}

const command = verbCommand('storm', help)
  .addOption(
    new Option(
      '--nodes <NUMBER[,NUMBER]>',
      'how many nodes kwok plays beside the three real ones; with 0 pods are real',
    )
      .argParser(severalOf(wholeNumber(0, 5000)))
      .default([100]),
  )
  .addOption(
    new Option('--claims <NUMBER[,NUMBER]>', 'how many claims arrive, each with its pod and a volume that it fits')
      .argParser(severalOf(wholeNumber(1, 20_000)))
      .default([100, 300]),
  )
  .addOption(
    new Option('--class <wait|immediate>', 'the binding mode: WaitForFirstConsumer, Immediate, or both with a comma')
      .argParser(severalOf(oneOf(bindings)))
      .default(['wait'] as const),
  )
  .addOption(
    new Option(
      '--layout <shared|classes|pinned>',
      'how claims find volumes: one class for all, --classes of them, or pods that name their node; several with commas',
    )
      .argParser(severalOf(oneOf(layouts)))
      .default(['shared'] as const),
  )
  .addOption(
    new Option('--classes <NUMBER>', 'how many classes the layout `classes` has')
      .argParser(wholeNumber(2, 1000))
      .default(10),
  )
  .addOption(
    new Option('--rate <NUMBER>', 'how many claims arrive a second, whatever the cluster does with them')
      .argParser(wholeNumber(1, 1000))
      .default(50),
  )
  .addOption(
    new Option('--limits <LIMITS>', 'what clients of controller manager and scheduler may send a second')
      .choices(limitNames)
      .default('default' as const),
  )
  .addOption(new Option('--repeat <TIMES>', 'measure each cell so often').argParser(wholeNumber(1, 100)).default(1))
  .addOption(
    new Option('--minutes <NUMBER>', 'begin no further cell after so many minutes of measuring')
      .argParser(wholeNumber(1, 600))
      .default(15),
  )
  .addOption(
    new Option(
      '--within <MINUTES>',
      'how long the claims of a cell may take; what is not bound and scheduled then is named, and the status is 3',
    ).argParser(wholeNumber(1, 600)),
  )
  .addOption(kubernetesOption)
  .addOption(imageOption)
  .addOption(kubernetesSourceOption)
  .option('--report <DIR>', 'the folder in which the folder of the storm is made', text, 'reports')
  .addOption(noInstallOption);

/** `lpv storm`: measures how claims are bound and pods scheduled under load, and that every invariant holds. */
export const storm = verb(command, help, async (options) => {
  const [{ planCluster }, { assertReportFolder }] = await Promise.all([
    import('../run/cluster/plan.ts'),
    import('./report-folder.ts'),
  ]);
  const cells = planCells({ ...options, binding: options.class });
  const plan = await planCluster(options);
  await assertReportFolder(options.report);
  const [{ runStorm }, { stormAsText }] = await Promise.all([
    import('../storm/storm.ts'),
    import('../storm/report/table.ts'),
  ]);
  const { limits, minutes, report } = options;
  const within = options.within === undefined ? undefined : options.within * 60_000;
  const { exitStatus, storm } = await runStorm({ plan, limits, cells, time: minutes * 60_000, within }, report);
  if (storm.cells.length > 0) process.stdout.write(`\n${stormAsText(storm)}\n`);
  return exitStatus;
});
