import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '../../errors/domain-error.ts';
import type { Progress } from '../../text/progress.ts';
import { host } from '../command/host.ts';
import type { BuildLog } from './build-log.ts';
import { type Recipe, recipeFolder } from './recipe.ts';

/** A compiled Kubernetes: all programs in one binary. */
export interface Compiled {
  path: string;
  /** The version that the programs report. */
  version: string;
  sha256: string;
}

/**
 * Compiles Kubernetes from its Go modules (checksums in the recipe's go.sum), or from a checked-out tree.
 * @param sourceFolder the root of a Kubernetes tree that replaces the module and its staging modules
 */
export async function compileKubernetes(
  recipe: Recipe,
  folder: string,
  sourceFolder: string | undefined,
  log: BuildLog,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Compiled> {
  await requireGo(signal);
  await mkdir(folder, { recursive: true });
  const recipeModules = join(recipeFolder, 'kubernetes');
  await cp(join(recipeModules, 'main.go'), join(folder, 'main.go'));
  for (const file of ['go.mod', 'go.sum']) await cp(join(recipeModules, recipe.minor, file), join(folder, file));

  let version = recipe.kubernetes;
  if (sourceFolder !== undefined) {
    version = await treeVersion(sourceFolder, recipe, signal);
    const replacements = await treeReplacements(sourceFolder);
    const edits = replacements.map(({ module, folder: place }) => `-replace=${module}=${place}`);
    await log.run('replacing Kubernetes by the tree', {
      argv: ['go', 'mod', 'edit', ...edits],
      directory: folder,
      deadline: 60_000,
      signal,
    });
  }

  const path = join(folder, 'kubernetes');
  let packages = 0;
  await log.run(`compiling Kubernetes ${version}`, {
    argv: [
      'go',
      'build',
      '-v',
      '-trimpath',
      ...(sourceFolder === undefined ? [] : ['-mod=mod']),
      '-ldflags',
      linkerFlags(version),
      '-o',
      path,
      '.',
    ],
    directory: folder,
    // The compiler spends a fifth of its time collecting garbage unless it may use more memory.
    env: { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off', GOGC: '400' },
    deadline: 60 * 60_000,
    signal,
    onLine: (line) => {
      if (/^[\w.-]+\.[a-z]+\/|^[a-z]+(\/[\w.]+)*$/.test(line) && ++packages % 25 === 0)
        progress.note(`compiling Kubernetes ${version}: ${packages} packages`);
    },
  });
  return { path, version, sha256: await sha256Of(path) };
}

/** Returns linker flags that set the version where Kubernetes' own build scripts set it. */
export function linkerFlags(version: string): string {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  const stamp = (name: string, value: string) => `-X k8s.io/component-base/version.${name}=${value}`;
  return [
    '-s',
    '-w',
    stamp('gitVersion', version),
    stamp('gitMajor', major),
    stamp('gitMinor', minor),
    stamp('gitTreeState', 'clean'),
  ].join(' ');
}

async function requireGo(signal?: AbortSignal): Promise<void> {
  const { status, stdout } = await host.attempt({ argv: ['go', 'version'], deadline: 30_000, signal });
  const [, major = 0, minor = 0] = (/go(\d+)\.(\d+)/.exec(stdout) ?? []).map(Number);
  if (status === 0 && (major > 1 || minor >= 21)) return;
  throw new DomainError({
    attempted: 'compiling Kubernetes for the node image',
    seen: status === 0 ? stdout.trim() : 'no go command on PATH',
    why: 'a node image is built where no published one can be pulled',
    remedy:
      'install Go 1.26 (or 1.21 and later where its toolchain module can be downloaded), or use --image published',
  });
}

/** Returns replacements of the published modules by those of a tree. */
export async function treeReplacements(sourceFolder: string): Promise<{ module: string; folder: string }[]> {
  const root = resolve(sourceFolder);
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

/** Returns the tree's version from its git tags, where kubeadm accepts it; else the recipe's version with a mark. */
async function treeVersion(sourceFolder: string, recipe: Recipe, signal?: AbortSignal): Promise<string> {
  const argv = ['git', '-C', sourceFolder, 'describe', '--tags', '--match', 'v*', '--dirty'] as const;
  const { status, stdout } = await host.attempt({ argv, deadline: 30_000, signal });
  const described = stdout.trim();
  return status === 0 && /^v\d+\.\d+\.\d+[0-9A-Za-z.-]*$/.test(described) ? described : `${recipe.kubernetes}-source`;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
