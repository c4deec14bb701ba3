import {
  chapterOption,
  featureOption,
  grepOption,
  imageOption,
  kubernetesSourceOption,
  levelOption,
  minors,
  needsOption,
  noInstallOption,
  rowOption,
  subjectOption,
  text,
  wholeNumber,
} from '../command-line/values.ts';
import { flagOf, Option, type OptionsOf, usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Runs the specs many times, each time on a new cluster and in another order: flakes, leaks, drift.',
  examples: ['lpv soak --runs 20', 'lpv soak --runs 10 --kubernetes 1.36,1.37 --chapter binding'],
  statuses: {
    ...usualStatuses,
    conforms: 'every requirement held in every run, and nothing was left behind',
    doesNotConform: 'a requirement failed in a run, or none was run',
  },
};

const command = verbCommand('soak', help)
  .addOption(new Option('--runs <NUMBER>', 'how many runs, on each minor').argParser(wholeNumber(1, 1000)).default(20))
  .addOption(new Option('--kubernetes <MINOR[,MINOR]>', 'the Kubernetes minors, which take turns').argParser(minors))
  .addOption(imageOption)
  .addOption(kubernetesSourceOption)
  .addOption(grepOption)
  .addOption(chapterOption)
  .addOption(levelOption)
  .addOption(subjectOption)
  .addOption(featureOption)
  .addOption(needsOption)
  .addOption(rowOption)
  .option('--jobs <NUMBER>', 'how many specs run at the same time', wholeNumber(1, 64))
  .option('--report <DIR>', 'the folder in which the folder of all runs is made', text, 'reports')
  .addOption(noInstallOption);

type Options = OptionsOf<typeof command>;

/** `lpv soak`: run after run; says how often which requirement failed, what was left, and what grew. */
export const soak = verb(command, help, async (options) => {
  const [{ randomInt }, { soak: perform }, { seedLimit }, { assertReportFolder }] = await Promise.all([
    import('node:crypto'),
    import('../soak/soak.ts'),
    import('../../specs/runner/seed.ts'),
    import('./report-folder.ts'),
  ]);
  await assertReportFolder(options.report);
  const seeds = Array.from({ length: options.runs }, () => randomInt(seedLimit));
  return await perform({
    rounds: options.runs,
    minors: options.kubernetes ?? [undefined],
    seedOf: (round) => seeds[round - 1] ?? 0,
    options: optionsOfRuns(options),
    imageOptions: optionsOfImages(options),
    reports: options.report,
    say: (line) => void process.stdout.write(`${line}\n`),
  });
});

/** Returns the options of `lpv run` that every run gets. */
export function optionsOfRuns(options: Options): string[] {
  const { grep, chapter, level, subject, feature, needs, row, jobs } = options;
  return [...optionsOfImages(options), ...argumentsOf({ grep, chapter, level, subject, feature, needs, row, jobs })];
}

/** Returns the options with which `lpv image` makes ready what every run needs. */
export function optionsOfImages({
  install,
  image,
  kubernetesSource,
}: Pick<Options, 'install' | 'image' | 'kubernetesSource'>): string[] {
  return [...argumentsOf({ image, kubernetesSource }), ...(install === false ? [flagOf('install', install)] : [])];
}

function argumentsOf(values: Readonly<Record<string, string | number | string[] | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${flagOf(name)}=${value}`]));
}
