import { createHash } from 'node:crypto';
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../../host/command/commander.ts';
import { host } from '../../host/command/host.ts';

/** A layer of an image: a tar archive. */
export interface Layer {
  /** Absolute path. */
  file: string;
  sha256: string;
}

/** A container image that is made here. */
export interface ImageContent {
  /** With its tag. */
  name: string;
  /** The lowest one first. */
  layers: readonly Layer[];
  /** The configuration of its containers, as the image specification has it, such as `{Env, Entrypoint}`. */
  config: Readonly<Record<string, unknown>>;
}

/** Returns the files of a docker-archive besides the layers, by name. Pure. */
export function archiveFiles(images: readonly ImageContent[]): Record<string, string> {
  const architecture = { x64: 'amd64' }[arch() as string] ?? arch();
  const files: Record<string, string> = {};
  const manifest = images.map(({ name, layers, config }) => {
    const image = JSON.stringify({
      architecture,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: layers.map(({ sha256 }) => `sha256:${sha256}`) },
    });
    const file = `${createHash('sha256').update(image).digest('hex')}.json`;
    files[file] = image;
    return { Config: file, RepoTags: [name], Layers: layers.map(layerName) };
  });
  return { ...files, 'manifest.json': JSON.stringify(manifest) };
}

const layerName = ({ sha256 }: Layer): string => `${sha256}.tar`;

/** Writes images into one archive, which `docker load` and `ctr images import` take. The same input makes the same bytes. */
export async function writeDockerArchive(
  images: readonly ImageContent[],
  file: string,
  signal?: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(dirname(file), '.lpv-images-'));
  try {
    const files = Object.entries(archiveFiles(images));
    for (const [name, text] of files) await writeFile(join(folder, name), text);
    const layers = new Map(images.flatMap((image) => image.layers.map((layer) => [layerName(layer), layer.file])));
    for (const [name, target] of layers) await symlink(target, join(folder, name));
    const names = [...layers.keys(), ...files.map(([name]) => name)].sort();
    const plain = ['--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=0644'];
    const made = join(folder, 'archive');
    const argv = ['tar', '-C', folder, '--dereference', ...plain, '-cf', made, ...names] as const;
    await run(host, { argv, deadline: 120_000, signal });
    await rename(made, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
