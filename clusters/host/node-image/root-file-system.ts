import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
import { type BuildFolder, lockBuildOf } from './build-folder.ts';
import type { BuildLog } from './build-log.ts';
import { importing, makingRootFileSystem } from './commands.ts';
import { type Recipe, recipeFolder } from './recipe.ts';

/**
 * Creates the image with the root file system of a node from Debian packages, if the engine does not have it or
 * `rebuild` asks for today's packages. Minors share it: if another build is making it, this one waits.
 */
export async function makeRootFileSystem(
  recipe: Recipe,
  engine: Engine,
  build: BuildFolder,
  mayInstall: boolean,
  rebuild: boolean,
  log: BuildLog,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const { baseReference, debianSuite, packages } = recipe;
  await using _lock = await lockBuildOf(baseReference, dirname(build.path), progress, signal);
  if (!rebuild && (await engine.imageId(baseReference, signal))) return;
  await requireMmdebstrap('making the root file system of the node image', mayInstall, progress, signal);
  progress.note(`making the root file system of Debian ${debianSuite}`);

  const sources = await writeSources(build, debianSuite, signal);
  const archive = join(build.path, 'root-file-system.tar');
  const mode = process.getuid?.() === 0 ? 'root' : 'unshare';
  await log.run('root file system', {
    argv: makingRootFileSystem(debianSuite, packages, mode, archive, sources),
    directory: recipeFolder,
    env: build.environment,
    deadline: 20 * 60_000,
    signal,
  });
  const load = () => engine.run(importing(archive, baseReference), { deadline: 300_000, signal });
  await engine.replaceImage(baseReference, load);
}

/** Writes the sources of a suite into the folder of a build. Returns their file, or none where mmdebstrap's own serve. */
export async function writeSources(build: BuildFolder, suite: string, signal?: AbortSignal): Promise<string[]> {
  const entries = suiteSources(await debianArchives(signal), suite);
  if (entries === '') return [];
  const file = join(build.path, `${suite}.sources`);
  // The URIs may contain the password of a mirror.
  await writeFile(file, entries, { mode: 0o600 });
  return [file];
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

/**
 * Waits until mmdebstrap and Debian's key ring are installed, where they may be.
 * @throws DomainError if they are missing and may not or cannot be installed
 */
export async function requireMmdebstrap(
  attempted: string,
  mayInstall: boolean,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const { status } = await host.attempt({ argv: ['mmdebstrap', '--version'], deadline: 10_000, signal });
  if (status === 0 && existsSync(debianKeyRing)) return;
  const packages = ['mmdebstrap', 'debian-archive-keyring'];
  const command = pasteable(['apt-get', 'install', '--no-install-recommends', ...packages]);
  const apt = await host.attempt({ argv: ['apt-get', '--version'], deadline: 10_000, signal });
  if (!mayInstall || process.getuid?.() !== 0 || apt.status !== 0) {
    throw new DomainError({
      attempted,
      seen: `mmdebstrap or Debian's key ring is missing${mayInstall ? ', and this is not root on a Debian or Ubuntu machine' : ' (and --no-install was given)'}`,
      remedy: `${command}\nor use --image published where a registry can be reached`,
    });
  }
  progress.note(`installing ${packages.join(' and ')} with apt`);
  await refreshPackageLists(signal);
  await installPackages(packages, signal);
}
