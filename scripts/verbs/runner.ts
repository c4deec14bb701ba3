import { noInstallOption, registry, text, wholeNumber } from '../command-line/values.ts';
import { Argument, InvalidArgumentError, Option, usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Makes the image with which specs run inside a cluster, and prints manifests for it.',
  examples: [
    'lpv runner',
    'lpv runner --save runner.tar',
    'lpv runner --job --shards 4 -- --level core | kubectl apply -f -',
    'lpv runner --sonobuoy >plugin.yaml',
  ],
  statuses: {
    ...usualStatuses,
    conforms: 'the name of the image or the manifests are printed; with --save: it is saved',
  },
};

const printing = ['save', 'bundle', 'sonobuoy', 'job'];
const others = (than: string): string[] => printing.filter((option) => option !== than);

const command = verbCommand('runner', help)
  .addArgument(new Argument('[OPTIONS...]', 'with --job or --sonobuoy: options of `lpv run` for it, after --'))
  .addOption(
    new Option('--save <FILE>', 'write the image into this archive, for `docker load` or `ctr images import`')
      .argParser(text)
      .conflicts(others('save')),
  )
  .addOption(
    new Option('--bundle <DIR>', 'write the harness into this folder, as the image has it, for a Dockerfile')
      .argParser(text)
      .conflicts(others('bundle')),
  )
  .addOption(new Option('--sonobuoy', 'print the definition of a Sonobuoy plugin').conflicts(others('sonobuoy')))
  .addOption(new Option('--job', 'print a Job, its account and its permissions').conflicts(others('job')))
  .option('--shards <N>', 'with --job: one index for each of so many shards', wholeNumber(1, 100), 1)
  .addOption(
    new Option('--tier <TIER>', 'with --job: the permissions, as of `lpv rbac`')
      .choices(['api', 'agent', 'nodes'] as const)
      .default('agent' as const),
  )
  .addOption(
    new Option('--registry <HOST/PREFIX>', 'name the image as it is in this registry, to which you push it').argParser(
      registry,
    ),
  )
  .addOption(
    new Option(
      '--server <URL>',
      'the API server as pods reach it, where the Service kubernetes leads nowhere',
    ).argParser(address),
  )
  .addOption(noInstallOption);

/** `lpv runner`: the runner's image, and manifests for a Job and for Sonobuoy. */
export const runner = verb(command, help, async (args, options) => {
  const { runnerImage, saveRunnerImage } = await import('../runner-image/image.ts');
  const { save, bundle, sonobuoy, job, shards, tier, server } = options;
  const image = await runnerImage(options.registry);
  if (bundle !== undefined) {
    await (await import('../runner-image/bundle.ts')).bundleHarness(bundle);
    return 'conforms';
  }
  if (save !== undefined) {
    const { readVersions } = await import('../../clusters/configuration/versions.ts');
    await saveRunnerImage({ name: image, versions: await readVersions(), file: save, mayInstall: options.install });
    process.stdout.write(`${image}\n`);
    return 'conforms';
  }
  const { readRunOptions } = await import('./run.ts');
  // What is wrong is found here, and not in the pod.
  readRunOptions(args);
  const { jobManifests, sonobuoyPlugin } = await import('../runner-image/manifests.ts');
  const wish = { image, pulled: options.registry !== undefined, args, server };
  if (job) process.stdout.write(await jobManifests({ ...wish, shards, tier }));
  else if (sonobuoy) process.stdout.write(sonobuoyPlugin(wish));
  else process.stdout.write(`${image}\n`);
  return 'conforms';
});

function address(value: string): URL {
  if (URL.canParse(value) && new URL(value).protocol === 'https:') return new URL(value);
  throw new InvalidArgumentError('Write https://HOST:PORT.');
}
