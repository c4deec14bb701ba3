import { hash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '../errors/domain-error.ts';
import { silent } from '../text/progress.ts';
import { run } from './command/commander.ts';
import { host } from './command/host.ts';
import { BuildFolder, lockBuildOf } from './node-image/build-folder.ts';

/** A Go module as versions.yaml pins it. */
export interface ModulePin {
  module: string;
  version: string;
  /** As in a go.sum. */
  sum: string;
}

/** What a build is made for, and from. */
export interface BuildRequest {
  pin: ModulePin;
  /** Folder for what outlives a run. */
  cacheFolder: string;
  signal: AbortSignal;
}

/** A file that was made from a Go module on this machine. */
export interface BuiltFile {
  /** Absolute. */
  path: string;
  sha256: string;
}

/**
 * Returns a file that is made from a module. Uses that of an earlier run if it is unchanged; else `make` makes it in a
 * folder that is given to it, and it is kept. Undefined where it would have to be made and there is no Go.
 */
export async function keptBuild(
  { pin, cacheFolder, signal }: BuildRequest,
  { name, file, make }: { name: string; file: string; make: (path: string, build: BuildFolder) => Promise<void> },
): Promise<BuiltFile | undefined> {
  const parent = join(cacheFolder, name);
  // The compiler is no part of the name: a machine from which Go was removed still has its programs.
  const folder = join(parent, `${pin.version}-${arch()}`);
  const kept = await readKept(folder, file);
  if (kept !== undefined) return kept;
  const go = await host.attempt({ argv: ['go', 'version'], deadline: 30_000, signal }).catch(() => undefined);
  signal.throwIfAborted();
  if (go?.status !== 0) return undefined;
  // With the builds of node images: `lpv clean` finds there what a killed one left.
  const builds = join(cacheFolder, 'node-image');
  await mkdir(builds, { recursive: true });
  await mkdir(parent, { recursive: true });
  await using _lock = await lockBuildOf(`${name}-${pin.version}-${arch()}`, builds, silent, signal);
  const made = await readKept(folder, file);
  if (made !== undefined) return made;
  await using build = await BuildFolder.create(builds);
  const place = join(build.path, 'kept');
  await mkdir(place);
  await make(join(place, file), build);
  await writeFile(join(place, 'sha256'), hash('sha256', await readFile(join(place, file))));
  await rm(folder, { recursive: true, force: true });
  await rename(place, folder);
  const result = await readKept(folder, file);
  if (result === undefined)
    throw new DomainError({ attempted: `keeping what was compiled from ${pin.module}`, on: folder });
  return result;
}

/**
 * Runs a command of go such as `install` or `build` for a build: for programs that are linked statically, and say nothing
 * of the folder where they were compiled.
 */
export async function compile(
  build: BuildFolder,
  [command, ...rest]: readonly [command: string, ...rest: string[]],
  { directory, env = {}, signal }: { directory: string; env?: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<void> {
  await run(host, {
    // The cluster is made at the same time, and has priority.
    argv: ['nice', '-n', '10', 'go', command, '-trimpath', '-ldflags', '-s -w', ...rest],
    directory,
    env: { ...build.environment, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off', ...env },
    deadline: 30 * 60_000,
    signal,
  });
}

/** Returns the file of an earlier build, if its checksum is still right. */
async function readKept(folder: string, file: string): Promise<BuiltFile | undefined> {
  const path = join(folder, file);
  try {
    const noted = await readFile(join(folder, 'sha256'), 'utf8');
    const sha256 = hash('sha256', await readFile(path));
    return noted === sha256 ? { path, sha256 } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns the folder of a downloaded module, which must not be changed. `what` is its name for messages.
 * @throws DomainError if the module is not the one that versions.yaml pins
 */
export async function downloadModule({ module, version, sum: pinned }: ModulePin, what: string, signal: AbortSignal) {
  const wanted = `${module}@${version}`;
  const argv = ['go', 'mod', 'download', '-json', wanted] as const;
  const { stdout } = await run(host, { argv, directory: '/', deadline: 5 * 60_000, signal });
  const { Dir: folder, Sum: sum } = JSON.parse(stdout) as { Dir: string; Sum: string };
  if (sum === pinned) return folder;
  throw new DomainError({
    attempted: `downloading ${what}`,
    on: wanted,
    seen: `its checksum is ${sum}`,
    why: `clusters/versions.yaml pins ${pinned}`,
    remedy: 'ask the operator of this machine’s Go module proxy why the module differs',
  });
}
