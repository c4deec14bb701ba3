import { noInstallOption, registry, text } from '../command-line/values.ts';
import { Option, usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Lists the container images that a run needs on a cluster of yours, and saves them to load or push.',
  examples: ['lpv images', 'lpv images --registry registry.example/lpv', 'lpv images --save lpv-images.tar'],
  statuses: {
    ...usualStatuses,
    conforms: 'the images are listed; with --save: all of them are in the file',
    environment: 'an image could not be made, so the file lacks it',
  },
};

const command = verbCommand('images', help)
  .addOption(
    new Option('--registry <HOST/PREFIX>', 'name them as they are in this registry, to which you push them').argParser(
      registry,
    ),
  )
  .addOption(
    new Option('--save <FILE>', 'write them into this archive, for `docker load` or `ctr images import`').argParser(
      text,
    ),
  )
  .option('--json', 'print JSON')
  .addOption(noInstallOption);

/** `lpv images`: prints every image that a run needs on any cluster, one a line, and saves them. */
export const images = verb(command, help, async ({ registry: prefix, save, json, install }) => {
  const [{ readVersions }, { wantedImages }] = await Promise.all([
    import('../../clusters/configuration/versions.ts'),
    import('../../clusters/agent/image/images.ts'),
  ]);
  const versions = await readVersions();
  const wanted = await wantedImages(versions, prefix);
  if (json) process.stdout.write(`${JSON.stringify(wanted, null, 2)}\n`);
  // Only names on standard output: `lpv images | xargs -n 1 docker push`.
  else process.stdout.write(`${wanted.map(({ name }) => name).join('\n')}\n`);
  if (save === undefined) return 'conforms';
  const { saveImages } = await import('../run/save-images.ts');
  const lacking = await saveImages({ wanted, versions, file: save, mayInstall: install });
  for (const { name, why } of lacking) process.stderr.write(` ✗ ${name} is not in ${save}: ${why}\n`);
  return lacking.length === 0 ? 'conforms' : 'environment';
});
