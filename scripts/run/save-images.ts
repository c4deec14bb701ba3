import { resolve } from 'node:path';
import { obtainLayers } from '../../clusters/agent/image/build-layers.ts';
import { writeDockerArchive } from '../../clusters/agent/image/docker-archive.ts';
import { contentOf, type WantedImage } from '../../clusters/agent/image/images.ts';
import type { Versions } from '../../clusters/configuration/versions.ts';
import { lpv } from '../../clusters/project-root.ts';
import { obtainStaticProvisioner } from '../../clusters/static-provisioner/build.ts';
import { cacheFolder } from './cluster/plan.ts';
import { listenForSignals } from './signals.ts';

/** An image that could not be made, and why. */
export interface LackingImage {
  name: string;
  why: string;
}

/** Writes images into an archive. Returns those that could not be made. */
export async function saveImages(request: {
  wanted: readonly WantedImage[];
  versions: Versions;
  file: string;
  mayInstall: boolean;
}): Promise<LackingImage[]> {
  const { wanted, versions, mayInstall } = request;
  const file = resolve(request.file);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  using signals = listenForSignals({ interrupted: () => {}, say, cleanCommand: () => lpv('clean') });
  const { signal } = signals;
  const cache = cacheFolder(process.env);
  const progress = { note: (note: string) => say(` • ${note}`), retried: () => {} };
  const { debianSuite } = versions.nodeImage;
  const [layers, provisioner] = await Promise.all([
    obtainLayers({ debianSuite, cacheFolder: cache, mayInstall, progress, signal }),
    obtainStaticProvisioner({ pin: versions.staticProvisioner, cacheFolder: cache, signal }),
  ]);
  const programs = provisioner.kind === 'ready' ? provisioner.programs : undefined;
  const why = provisioner.kind === 'lacking' ? provisioner.why : '';
  const contents = wanted.map((image) => ({ name: image.name, content: contentOf(image, layers, programs) }));
  await writeDockerArchive(
    contents.flatMap(({ content }) => content ?? []),
    file,
    signal,
  );
  say(` ✓ ${file}`);
  return contents.flatMap(({ name, content }) => (content ? [] : [{ name, why }]));
}
