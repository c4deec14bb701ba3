import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DomainError } from '../../errors/domain-error.ts';
import type { Progress } from '../../text/progress.ts';
import { run } from '../command/commander.ts';
import { host } from '../command/host.ts';
import type { BuildFolder } from './build-folder.ts';
import type { BuildLog } from './build-log.ts';
import { compiling } from './commands.ts';
import { type Recipe, recipeFolder } from './recipe.ts';

/** A compiled Kubernetes: all programs in one binary. */
export interface Compiled {
  path: string;
  /** The version that the programs report. */
  version: string;
  sha256: string;
}

/**
 * Returns Kubernetes, compiled from its Go modules (checksums in the recipe's go.sum) or from a checked-out tree.
 * @param sourceFolder the root of a Kubernetes tree that replaces the module and its staging modules
 * @throws DomainError if the program cannot be compiled, or was compiled from other modules than requested
 */
export async function compileKubernetes(
  recipe: Recipe,
  build: BuildFolder,
  sourceFolder: string | undefined,
  log: BuildLog,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Compiled> {
  const fromTree = sourceFolder !== undefined;
  const folder = join(build.path, 'kubernetes');
  const path = join(folder, 'kubernetes');
  const version = fromTree ? await treeVersion(sourceFolder, recipe, signal) : recipe.kubernetes;
  const { argv, env: settings } = compiling(version, recipe.go, path, fromTree);
  const env = { ...settings, ...build.environment };
  await requireGo(recipe.go, env, signal);
  await mkdir(folder);
  const recipeModules = join(recipeFolder, 'kubernetes');
  await cp(join(recipeModules, 'main.go'), join(folder, 'main.go'));
  for (const file of ['go.mod', 'go.sum']) await cp(join(recipeModules, recipe.minor, file), join(folder, file));
  if (fromTree) {
    const replacements = await treeReplacements(sourceFolder);
    const edits = replacements.map(({ module, folder: place }) => `-replace=${module}=${place}`);
    await log.run('replacing Kubernetes by the tree', {
      argv: ['go', 'mod', 'edit', ...edits],
      directory: folder,
      env,
      deadline: 60_000,
      signal,
    });
  }

  progress.note(`compiling Kubernetes ${version}`);
  let packages = 0;
  await log.run(`compiling Kubernetes ${version}`, {
    argv,
    directory: folder,
    env,
    deadline: 60 * 60_000,
    signal,
    onLine: (line) => {
      if (/^[\w.-]+\.[a-z]+\/|^[a-z]+(\/[\w.]+)*$/.test(line) && ++packages % 25 === 0)
        progress.note(`compiling Kubernetes ${version}: ${packages} packages`);
    },
  });
  const modules = await run(host, { argv: ['go', 'version', '-m', path], env, deadline: 60_000, signal });
  const problem = wrongModules(modules.stdout, recipe, sourceFolder);
  if (problem !== undefined) {
    throw new DomainError({
      attempted: `checking which modules Kubernetes ${version} was compiled from`,
      on: path,
      seen: problem,
      why: 'specs would judge another Kubernetes than the one that the image is named after',
      remedy: 'look for GOFLAGS, a vendor folder or another program that changes go.mod',
    });
  }
  return { path, version, sha256: hash('sha256', await readFile(path)) };
}

/**
 * Returns what is wrong with the modules of a compiled Kubernetes, from the output of `go version -m`. Published
 * modules have a checksum, folders have none. Undefined if nothing is wrong.
 */
export function wrongModules(
  text: string,
  recipe: Pick<Recipe, 'kubernetes'>,
  sourceFolder: string | undefined,
): string | undefined {
  const rows = text.split('\n').map((line) => line.trim().split('\t'));
  const modules = rows.flatMap(([kind, name, version, sum], index) => {
    if (kind !== 'dep') return [];
    const [next, place, placeVersion, placeSum] = rows[index + 1] ?? [];
    const replaced = next === '=>';
    return [{ name, version, place: replaced ? place : undefined, placeVersion, sum: replaced ? placeSum : sum }];
  });
  const kubernetes = modules.find(({ name }) => name === 'k8s.io/kubernetes');
  if (kubernetes === undefined) return 'it names no module k8s.io/kubernetes';
  if (sourceFolder === undefined) {
    const local = modules.filter(({ sum }) => !sum?.startsWith('h1:'));
    if (local.length > 0)
      return local
        .map(({ name, version, place }) => `${name} ${version} was replaced by ${place ?? 'a folder'}`)
        .join('\n');
    return kubernetes.place === undefined && kubernetes.version === recipe.kubernetes
      ? undefined
      : `k8s.io/kubernetes is ${kubernetes.place ?? kubernetes.version}, not ${recipe.kubernetes}`;
  }
  const tree = resolve(sourceFolder);
  return kubernetes.place === tree
    ? undefined
    : `k8s.io/kubernetes is ${kubernetes.place ?? kubernetes.version}, not ${tree}`;
}

/** Checks that there is a go command. Go itself downloads the version that GOTOOLCHAIN names. @throws DomainError */
async function requireGo(go: string, env: Record<string, string>, signal?: AbortSignal): Promise<void> {
  const { status, stdout, stderr } = await host.attempt({ argv: ['go', 'version'], env, deadline: 300_000, signal });
  if (status === 0 && stdout.startsWith('go version go')) return;
  throw new DomainError({
    attempted: 'compiling Kubernetes for the node image',
    seen: status === 127 ? 'no go command on PATH' : `${stdout}${stderr}`.trim(),
    why: 'a node image is built where no published one can be pulled, and another compiler would make another image',
    remedy: `install Go ${go} (or 1.21 and later where its module golang.org/toolchain can be downloaded), or use --image published`,
  });
}

/** Returns replacements of the published modules by those of a tree. */
export async function treeReplacements(sourceFolder: string): Promise<{ module: string; folder: string }[]> {
  const root = resolve(sourceFolder);
  if (root.includes('@')) {
    throw new DomainError(
      {
        attempted: 'using a Kubernetes tree for the node image',
        on: root,
        seen: 'its path has an @',
        why: 'go takes what follows an @ for a version',
        remedy: 'give a link to the tree whose path has none',
      },
      { exit: 'badUsage' },
    );
  }
  const goMod = await readFile(join(root, 'go.mod'), 'utf8').catch(() => '');
  if (!/^module k8s\.io\/kubernetes$/m.test(goMod)) {
    throw new DomainError(
      {
        attempted: 'using a Kubernetes tree for the node image',
        on: root,
        seen: goMod === '' ? 'no go.mod there' : 'its go.mod is not that of k8s.io/kubernetes',
        remedy: 'give --kubernetes-source the root folder of a checked-out kubernetes/kubernetes',
      },
      { exit: 'badUsage' },
    );
  }
  const staging = join(root, 'staging', 'src', 'k8s.io');
  const modules = existsSync(staging)
    ? (await readdir(staging)).filter((name) => existsSync(join(staging, name, 'go.mod'))).sort()
    : [];
  return [
    { module: 'k8s.io/kubernetes', folder: root },
    ...modules.map((name) => ({ module: `k8s.io/${name}`, folder: join(staging, name) })),
  ];
}

/**
 * Returns the tree's version from its git tags, if kubeadm accepts it; else the recipe's version with the suffix
 * `-source`.
 */
async function treeVersion(sourceFolder: string, recipe: Recipe, signal?: AbortSignal): Promise<string> {
  const argv = [
    'git',
    '-c',
    'core.fsmonitor=false',
    '-C',
    sourceFolder,
    'describe',
    '--tags',
    '--match',
    'v*',
    '--dirty',
  ] as const;
  const { status, stdout } = await host.attempt({ argv, deadline: 30_000, signal });
  const described = stdout.trim();
  return status === 0 && /^v\d+\.\d+\.\d+[0-9A-Za-z.-]*$/.test(described) ? described : `${recipe.kubernetes}-source`;
}
