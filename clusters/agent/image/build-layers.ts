import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { BuildFolder, lockBuildOf } from '../../host/node-image/build-folder.ts';
import { BuildLog } from '../../host/node-image/build-log.ts';
import { hashOf, packagesOf } from '../../host/node-image/recipe.ts';
import { requireMmdebstrap, writeSources } from '../../host/node-image/root-file-system.ts';
import type { Progress } from '../../text/progress.ts';
import type { Layer } from './docker-archive.ts';

const folderOfRecipe = fileURLToPath(new URL('./', import.meta.url));

/** The layers that are made here from Debian packages. */
export interface Layers {
  /** The programs with which the agent works on a node. */
  agent: Layer;
  /** A static busybox, for the specs' pods. */
  pod: Layer;
}

/** Returns the tag of the agent's image: suite and a hash of the recipe, so that a change makes another image. */
export async function agentTag(debianSuite: string): Promise<string> {
  const parts = ['packages.txt', 'programs.txt', 'make-layers.sh'];
  const hash = await hashOf(folderOfRecipe, parts, [arch(), debianSuite]);
  return `${debianSuite}-${hash.slice(0, 12)}`;
}

export interface LayerRequest {
  debianSuite: string;
  /** Folder for what outlives a run. */
  cacheFolder: string;
  /** Whether mmdebstrap may be installed. */
  mayInstall: boolean;
  progress: Progress;
  signal?: AbortSignal | undefined;
}

/**
 * Returns the layers. Uses those of an earlier call if they are unchanged, or makes them from Debian packages.
 * @throws DomainError if mmdebstrap is missing or fails
 */
export async function obtainLayers({ debianSuite, cacheFolder, ...rest }: LayerRequest): Promise<Layers> {
  const { mayInstall, progress, signal } = rest;
  const tag = await agentTag(debianSuite);
  const parent = join(cacheFolder, 'images');
  const folder = join(parent, tag);
  const kept = await readKept(folder);
  if (kept) return kept;
  // With the builds of node images: `lpv clean` finds there what a killed one left.
  const builds = join(cacheFolder, 'node-image');
  await mkdir(builds, { recursive: true });
  await mkdir(parent, { recursive: true });
  await using _lock = await lockBuildOf(`agent-${tag}`, builds, progress, signal);
  const made = await readKept(folder);
  if (made) return made;
  await requireMmdebstrap("making the agent's image", mayInstall, progress, signal);
  await using build = await BuildFolder.create(builds);
  await using log = await BuildLog.open(join(builds, `agent-${tag}.log`));
  progress.note(`making the agent's image from packages of Debian ${debianSuite}`);
  const layers = join(build.path, 'layers');
  await mkdir(layers);
  const mode = process.getuid?.() === 0 ? 'root' : 'unshare';
  const sources = await writeSources(build, debianSuite, signal);
  await log.run("the agent's image", {
    argv: unpacking(debianSuite, await packagesOf(folderOfRecipe), mode, layers, sources),
    directory: folderOfRecipe,
    env: build.environment,
    deadline: 15 * 60_000,
    signal,
  });
  for (const name of ['agent', 'pod'])
    await writeFile(join(layers, `${name}.sha256`), await sha256Of(join(layers, `${name}.tar`)));
  await rm(folder, { recursive: true, force: true });
  await rename(layers, folder);
  const result = await readKept(folder);
  if (result) return result;
  throw new Error(`${folder} has just been made, and its checksums are not those of its files`);
}

/** Returns the command that unpacks packages and makes the layers of them. It runs in the recipe's folder. */
function unpacking(
  suite: string,
  packages: readonly string[],
  mode: string,
  layers: string,
  sources: readonly string[],
): [string, ...string[]] {
  return [
    'mmdebstrap',
    '--variant=extract',
    `--mode=${mode}`,
    `--include=${packages.join(',')}`,
    '--aptopt=APT::Install-Recommends "false"',
    '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
    '--extract-hook=./make-layers.sh "$1" programs.txt',
    ...['agent', 'pod'].map((name) => `--extract-hook=download /${name}.tar ${join(layers, `${name}.tar`)}`),
    '--format=null',
    suite,
    '-',
    ...sources,
  ];
}

async function readKept(folder: string): Promise<Layers | undefined> {
  const [agent, pod] = await Promise.all([readLayer(folder, 'agent'), readLayer(folder, 'pod')]);
  return agent && pod && { agent, pod };
}

async function readLayer(folder: string, name: string): Promise<Layer | undefined> {
  const file = join(folder, `${name}.tar`);
  try {
    const noted = await readFile(join(folder, `${name}.sha256`), 'utf8');
    return noted === (await sha256Of(file)) ? { file, sha256: noted } : undefined;
  } catch {
    return undefined;
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
