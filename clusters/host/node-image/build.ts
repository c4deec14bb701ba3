import { join } from 'node:path';
import { DomainError } from '../../errors/domain-error.ts';
import type { Progress } from '../../text/progress.ts';
import type { Engine } from '../engine/engine.ts';
import { BuildFolder, lockBuildOf } from './build-folder.ts';
import { BuildLog } from './build-log.ts';
import { type Assembly, assembling, committing, packagesInNode, programInNode } from './commands.ts';
import { type Compiled, compileKubernetes } from './compile.ts';
import { type Recipe, recipeFolder, sourceReference } from './recipe.ts';
import { makeRootFileSystem } from './root-file-system.ts';

export interface BuildRequest {
  recipe: Recipe;
  engine: Engine;
  /** Folder for the folders of builds, and for their logs. */
  folder: string;
  /** A checked-out Kubernetes tree to compile instead of the published modules. */
  kubernetesSource?: string | undefined;
  /** Whether Debian packages that the build needs may be installed. */
  mayInstall: boolean;
  /** Build even when the image is present, with the Debian packages of today. */
  rebuild?: boolean;
  progress: Progress;
  signal?: AbortSignal | undefined;
}

/**
 * Returns the name of a node image. Builds it, unless an image of the same content is present. Of two processes that
 * build the same image, one waits for the other.
 */
export async function buildNodeImage(
  request: BuildRequest,
): Promise<{ reference: string; version: string; built: boolean }> {
  const { recipe, engine, folder, kubernetesSource, mayInstall, rebuild = false, progress, signal } = request;
  const name = kubernetesSource === undefined ? recipe.reference : `${recipe.reference}-source`;
  await using _lock = await lockBuildOf(name, folder, progress, signal);
  if (kubernetesSource === undefined && !rebuild && (await engine.imageId(recipe.reference, signal))) {
    return { reference: recipe.reference, version: recipe.kubernetes, built: false };
  }
  await using build = await BuildFolder.create(folder);
  await using log = await BuildLog.open(join(folder, `${name.slice(name.lastIndexOf(':') + 1)}.log`));
  // In parallel: one mostly waits for downloads and the disk, the other mostly compiles.
  const failed = new AbortController();
  const either = AbortSignal.any([failed.signal, ...(signal === undefined ? [] : [signal])]);
  const endOther = (error: unknown) => {
    failed.abort(error);
    throw error;
  };
  const parts = [
    compileKubernetes(recipe, build, kubernetesSource, log, progress, either).catch(endOther),
    makeRootFileSystem(recipe, engine, build, mayInstall, rebuild, log, progress, either).catch(endOther),
  ] as const;
  // Both have ended before their folder is removed.
  await Promise.allSettled(parts);
  const [compiled] = await Promise.all(parts);
  const reference = kubernetesSource === undefined ? recipe.reference : sourceReference(recipe, compiled.sha256);
  const present = kubernetesSource !== undefined && (await engine.imageId(reference, signal)) !== undefined;
  if (!present) await assemble(request, compiled, reference, build, log);
  return { reference, version: compiled.version, built: !present };
}

/** Adds Kubernetes and the container images to the root file system and commits the result. */
async function assemble(
  { recipe, engine, progress, signal }: BuildRequest,
  compiled: Compiled,
  reference: string,
  build: BuildFolder,
  log: BuildLog,
): Promise<void> {
  progress.note('assembling the node image');
  const container = await build.beginContainer();
  const { baseReference: base, etcd, pause, podImage } = recipe;
  const script = join(recipeFolder, 'assemble.sh');
  const { path: binary, version } = compiled;
  const assembly: Assembly = { container, base, binary, script, version, etcd, pause, podImage };
  try {
    for (const args of assembling(assembly)) {
      // The engine creates a container even if its client is stopped. It would appear after the removal.
      const stop = args[0] === 'run' ? {} : { signal };
      await log.run('assembling the image', { argv: ['docker', ...args], deadline: 300_000, ...stop });
    }
    const sums = await engine.run(['exec', container, 'sha256sum', programInNode, packagesInNode], { signal });
    const [program, packages] = sums.stdout.split('\n').map((line) => line.split(' ')[0] ?? '');
    if (program !== compiled.sha256) throw otherProgram(reference, program, compiled.sha256);
    const labels = {
      'local-pv-conformance.kubernetes': version,
      'local-pv-conformance.program': `sha256:${program}`,
      'local-pv-conformance.packages': `sha256:${packages}`,
      'local-pv-conformance.recipe': recipe.hash,
    };
    const commit = () => engine.run(committing(container, reference, labels), { deadline: 300_000, signal });
    await engine.replaceImage(reference, commit);
  } finally {
    await engine.removeContainers([container]);
  }
}

function otherProgram(reference: string, found: string | undefined, compiled: string): DomainError {
  return new DomainError({
    attempted: 'checking the node image before it gets its name',
    on: reference,
    seen: `the program in it has the sha256 ${found || 'unknown'}, the one that was compiled ${compiled}`,
    why: 'an image under this name would stand for another Kubernetes from now on',
    remedy: 'look at the disk and the memory of this machine, then build again',
  });
}
