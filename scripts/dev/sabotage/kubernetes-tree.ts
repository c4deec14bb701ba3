import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { run } from '../../../clusters/host/command/commander.ts';
import { host } from '../../../clusters/host/command/host.ts';
import { type Recipe, recipeFolder } from '../../../clusters/host/node-image/recipe.ts';
import { grouped } from '../../../clusters/text/collections.ts';
import type { Defect, Patch } from './defect.ts';

/** What the Kubernetes tree needs besides the defects: the package that reads the switch, and its folder in pods. */
const switchFolder = join(import.meta.dirname, 'switch');
const switchModule = 'k8s.io/sabotage';
const staging = 'staging/src/';

/** A change of a file, and the defect that it belongs to. */
export interface Change extends Patch {
  defect: string;
}

/** Returns the changes of all defects, with those that let the switch reach every component. */
export async function changesOf(defects: readonly Defect[]): Promise<Change[]> {
  const always = parse(await readFile(join(switchFolder, 'control-plane.yaml'), 'utf8')) as Patch[];
  return [
    ...always.map((change) => ({ ...change, defect: 'switch/control-plane' })),
    ...defects.flatMap(({ name, how }) => (how.patch ?? []).map((change) => ({ ...change, defect: name }))),
  ];
}

/** Returns a hash of everything that the patched Kubernetes consists of, besides Kubernetes itself. */
export async function digestOf(changes: readonly Change[], recipe: Recipe): Promise<string> {
  const hash = createHash('sha256').update(recipe.reference).update(JSON.stringify(changes));
  for (const file of ['switch.go', 'go.mod']) hash.update(await readFile(join(switchFolder, file)));
  return hash.digest('hex').slice(0, 12);
}

/**
 * Makes the tree of a Kubernetes version with all changes in it, from the modules as published: what
 * `--kubernetes-source` takes. Only staging modules that are changed stand in it.
 * @throws DomainError for a change that fits no place of its file, or several
 */
export async function makeTree(changes: readonly Change[], recipe: Recipe, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const kubernetes = await moduleFolder('k8s.io/kubernetes', recipe);
  for (const part of ['api', 'cmd', 'pkg', 'plugin', 'third_party', 'go.mod'])
    await cp(join(kubernetes, part), join(folder, part), { recursive: true });
  const files = grouped(changes, ({ file }) => file);
  for (const module of new Set([...files.keys()].flatMap((file) => stagingModuleOf(file) ?? [])))
    await cp(await moduleFolder(module, recipe), join(folder, staging, module), { recursive: true });
  await cp(switchFolder, join(folder, staging, switchModule), { recursive: true });
  await makeWritable(folder);
  for (const [file, ofFile] of files) {
    const path = join(folder, file);
    const original = await readFile(path, 'utf8').catch(() => undefined);
    if (original === undefined) throw cannotPatch(file, ofFile, 'the tree has no such file');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, patched(file, original, ofFile));
  }
}

/**
 * Returns a Go file with all changes, each guarded by its switch, whatever their order.
 * @throws DomainError for an original that does not stand there exactly once, or that lies in that of another change
 */
export function patched(file: string, original: string, changes: readonly Change[]): string {
  const placed = changes
    .map((change) => {
      const at = original.indexOf(change.original);
      if (at < 0) throw cannotPatch(file, [change], 'the original does not stand in it');
      if (original.indexOf(change.original, at + 1) >= 0)
        throw cannotPatch(file, [change], 'the original stands in it more than once');
      return { change, at, end: at + change.original.length };
    })
    .sort((a, b) => a.at - b.at);
  for (const [index, { change, end }] of placed.entries()) {
    const next = placed[index + 1];
    if (next && next.at < end) throw cannotPatch(file, [change, next.change], 'their originals overlap');
  }
  let text = original;
  for (const { change, at, end } of placed.toReversed()) {
    const replacement = change.replacement.replace(/\bswitched\b/g, `sabotage.On(${JSON.stringify(change.defect)})`);
    text = text.slice(0, at) + replacement + text.slice(end);
  }
  return text.replace(/^(package \w+.*)$/m, `$1\n\nimport "${switchModule}"`);
}

function cannotPatch(file: string, changes: readonly Change[], seen: string): DomainError {
  const [change] = changes;
  return new DomainError(
    {
      attempted: `patching ${file} for ${changes.map(({ defect }) => defect).join(' and ')}`,
      seen: `${seen}${change ? `:\n${change.original}` : ''}`,
      why: 'a change that fits more or less than one place would be another defect than the one that is described',
      remedy: 'take a piece of the file as it is in this Kubernetes version, long enough to stand there once',
    },
    { exit: 'badUsage' },
  );
}

function stagingModuleOf(file: string): string | undefined {
  return file.startsWith(staging) ? file.slice(staging.length).split('/', 2).join('/') : undefined;
}

/** Returns where Go keeps the source of a module, of the version that the recipe has; downloads it where it is absent. */
async function moduleFolder(module: string, { minor, kubernetes }: Recipe): Promise<string> {
  const version = module === 'k8s.io/kubernetes' ? kubernetes : kubernetes.replace(/^v1\./, 'v0.');
  const { stdout } = await run(host, {
    argv: ['go', 'mod', 'download', '-json', `${module}@${version}`],
    directory: join(recipeFolder, 'kubernetes', minor),
    env: { GOFLAGS: '-mod=mod', GOWORK: 'off' },
    deadline: 10 * 60_000,
  });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}

/** Go's module cache is read-only, and a copy of it is, too. */
async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
}
