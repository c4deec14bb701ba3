import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../errors/domain-error.ts';
import type { Progress } from '../../text/progress.ts';
import { pasteable } from '../command/commander.ts';
import { host } from '../command/host.ts';
import {
  type DebianArchive,
  debianArchives,
  debianKeyRing,
  installPackages,
  mainArchive,
  refreshPackageLists,
  sourceEntry,
} from '../engine/apt.ts';
import type { Engine } from '../engine/engine.ts';
import type { BuildLog } from './build-log.ts';
import { type Recipe, recipeFolder } from './recipe.ts';

/** Settings of every container of the node image. */
export const imageSettings = [
  'ENTRYPOINT ["/usr/local/sbin/node-entrypoint"]',
  'STOPSIGNAL SIGRTMIN+3',
  'ENV container=docker',
].flatMap((setting) => ['--change', setting]);

/** Creates the image with the root file system of a node from Debian packages, unless the engine has it. */
export async function makeRootFileSystem(
  recipe: Recipe,
  engine: Engine,
  folder: string,
  mayInstall: boolean,
  log: BuildLog,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  if (await engine.imageId(recipe.baseReference, signal)) return;
  await requireMmdebstrap(mayInstall, progress, signal);
  await mkdir(folder, { recursive: true });
  progress.note(`making the root file system of Debian ${recipe.debianSuite}`);

  const sources = join(folder, `${recipe.debianSuite}.sources`);
  const entries = suiteSources(await debianArchives(signal), recipe.debianSuite);
  await writeFile(sources, entries);
  const archive = join(folder, 'root-file-system.tar');
  const packages = (await readFile(join(recipeFolder, 'packages.txt'), 'utf8'))
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  const omitted = ['doc', 'man', 'locale', 'info'].map((part) => `--dpkgopt=path-exclude=/usr/share/${part}/*`);
  await log.run('root file system', {
    argv: [
      'mmdebstrap',
      '--variant=minbase',
      `--mode=${process.getuid?.() === 0 ? 'root' : 'unshare'}`,
      `--include=${packages.join(',')}`,
      '--aptopt=APT::Install-Recommends "false"',
      ...omitted,
      '--customize-hook=sync-in rootfs /',
      '--customize-hook=./customize.sh "$1"',
      recipe.debianSuite,
      archive,
      ...(entries === '' ? [] : [sources]),
    ],
    directory: recipeFolder,
    deadline: 20 * 60_000,
    signal,
  });
  await engine.run(['import', ...imageSettings, archive, recipe.baseReference], { deadline: 300_000, signal });
  await rm(archive, { force: true });
}

/**
 * Returns the sources of a suite: this machine's own archives of it (with its security updates), else the suite in its
 * main archive.
 */
export function suiteSources(archives: readonly DebianArchive[], suite: string): string {
  const own = archives.filter(({ codename }) => codename === suite || codename.startsWith(`${suite}-`));
  const main = mainArchive(archives);
  if (own.length > 0) return own.map((archive) => sourceEntry(archive, archive.codename)).join('\n');
  return main === undefined ? '' : sourceEntry(main, suite);
}

async function requireMmdebstrap(mayInstall: boolean, progress: Progress, signal?: AbortSignal): Promise<void> {
  const { status } = await host.attempt({ argv: ['mmdebstrap', '--version'], deadline: 10_000, signal });
  if (status === 0 && existsSync(debianKeyRing)) return;
  const packages = ['mmdebstrap', 'debian-archive-keyring'];
  const command = pasteable(['apt-get', 'install', '--no-install-recommends', ...packages]);
  const apt = await host.attempt({ argv: ['apt-get', '--version'], deadline: 10_000, signal });
  if (!mayInstall || process.getuid?.() !== 0 || apt.status !== 0) {
    throw new DomainError({
      attempted: 'making the root file system of the node image',
      seen: `mmdebstrap or Debian's key ring is missing${mayInstall ? ', and this is not root on a Debian or Ubuntu machine' : ' (and --no-install was given)'}`,
      remedy: `${command}\nor use --image published where a registry can be reached`,
    });
  }
  progress.note(`installing ${packages.join(' and ')} with apt`);
  await refreshPackageLists(signal);
  await installPackages(packages, signal);
}
