import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubernetesMinor, Versions } from '../../configuration/versions.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { baseWords, nodeWords } from './commands.ts';

/** Folder of the recipe: root file system, Kubernetes modules, assembly. */
export const recipeFolder = fileURLToPath(new URL('./', import.meta.url));

const repository = 'localhost/local-pv-conformance/node';

/** The inputs of a node image, and the names that its content gives it. */
export interface Recipe {
  minor: string;
  /** Kubernetes version, such as v1.37.2. */
  kubernetes: string;
  etcd: string;
  pause: string;
  podImage: string;
  debianSuite: string;
  /** Debian packages of the root file system. */
  packages: readonly string[];
  /** The version of Go that compiles it, such as 1.26.8. */
  go: string;
  /** SHA-256 (hexadecimal) of all inputs of the image. */
  hash: string;
  /** Name of the image with the root file system only; minors share it. */
  baseReference: string;
  /**
   * Name of the node image. It contains the hash, so that a change makes another image. The hash does not cover the
   * versions of the Debian packages, which only an archive knows. The image lists them (clusters/air-gapped.md).
   */
  reference: string;
}

/**
 * Returns the recipe of a minor.
 * @throws DomainError (badUsage) if the minor can only be pulled
 */
export async function readRecipe(versions: Versions, minor: KubernetesMinor): Promise<Recipe> {
  if (minor.built === undefined) {
    const buildable = versions.minors.filter(({ built }) => built !== undefined).map(({ name }) => name);
    throw new DomainError(
      {
        attempted: `building a node image of Kubernetes ${minor.name}`,
        seen: `there is a recipe for ${buildable.join(', ')} only`,
        remedy: `use --image published, or --kubernetes ${buildable[0]}`,
      },
      { exit: 'badUsage' },
    );
  }
  const { debianSuite, pause, go } = versions.nodeImage;
  const podImage = versions.podImage.name;
  const { kubernetes, etcd } = minor.built;
  const packages = await packagesOf(recipeFolder);
  const root = [process.arch, baseWords(debianSuite, packages)];
  const base = await hashOf(recipeFolder, ['customize.sh', 'rootfs'], root);
  const words = nodeWords({ version: kubernetes, etcd, pause, podImage }, go);
  const modules = join('kubernetes', minor.name);
  const hash = await hashOf(recipeFolder, ['assemble.sh', 'kubernetes/main.go', modules], [base, words]);
  return {
    minor: minor.name,
    kubernetes,
    etcd,
    pause,
    podImage,
    debianSuite,
    packages,
    go,
    hash,
    baseReference: `${repository}-base:${debianSuite}-${base.slice(0, 12)}`,
    reference: `${repository}:${kubernetes}-${hash.slice(0, 12)}`,
  };
}

/**
 * Returns the name of a node image with Kubernetes from the user's own tree. It contains a hash of the compiled
 * program.
 */
export function sourceReference(recipe: Recipe, binarySha256: string): string {
  const hash = createHash('sha256').update(`${recipe.reference}\n${binarySha256}`).digest('hex');
  return `${repository}:source-${hash.slice(0, 12)}`;
}

/** Returns the SHA-256 (hexadecimal) of names, modes and contents of files, in a stable order, and of further facts. */
export async function hashOf(folder: string, parts: readonly string[], facts: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const part of parts) {
    for (const file of await filesBelow(join(folder, part))) {
      const executable = ((await stat(file)).mode & 0o100) !== 0;
      hash
        .update(`${relative(folder, file)}\0${executable}\0`)
        .update(await readFile(file))
        .update('\0');
    }
  }
  for (const fact of facts) hash.update(`${fact}\0`);
  return hash.digest('hex');
}

async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Returns the Debian packages that a recipe lists in its packages.txt, one a line. */
export async function packagesOf(folder: string): Promise<string[]> {
  const list = await readFile(join(folder, 'packages.txt'), 'utf8');
  return list.split('\n').filter((line) => line && !line.startsWith('#'));
}
