import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../../text/progress.ts';
import type { Engine } from '../engine/engine.ts';
import { BuildLog } from './build-log.ts';
import { type Compiled, compileKubernetes } from './compile.ts';
import { type Recipe, recipeFolder, sourceReference } from './recipe.ts';
import { imageSettings, makeRootFileSystem } from './root-file-system.ts';

export interface BuildRequest {
  recipe: Recipe;
  engine: Engine;
  /** Folder for intermediate files and the log. Large files in it are removed at the end. */
  folder: string;
  /** A checked-out Kubernetes tree to compile instead of the published modules. */
  kubernetesSource?: string | undefined;
  /** Whether Debian packages that the build needs may be installed. */
  mayInstall: boolean;
  /** Build even when the image is present. */
  rebuild?: boolean;
  progress: Progress;
  signal?: AbortSignal | undefined;
}

/** Builds the node image, unless an image of the same content is present. Returns its name. */
export async function buildNodeImage(
  request: BuildRequest,
): Promise<{ reference: string; version: string; built: boolean }> {
  const { recipe, engine, folder, kubernetesSource, progress, signal } = request;
  if (kubernetesSource === undefined && !request.rebuild && (await engine.imageId(recipe.reference, signal))) {
    return { reference: recipe.reference, version: recipe.kubernetes, built: false };
  }
  await using log = await BuildLog.open(join(folder, 'build.log'));
  // One mostly waits for downloads and the disk, the other mostly compiles.
  const failed = new AbortController();
  const either = AbortSignal.any([failed.signal, ...(signal === undefined ? [] : [signal])]);
  const endOther = (error: unknown) => {
    failed.abort(error);
    throw error;
  };
  const [compiled] = await Promise.all([
    compileKubernetes(
      recipe,
      join(folder, `kubernetes-${recipe.minor}`),
      kubernetesSource,
      log,
      progress,
      either,
    ).catch(endOther),
    makeRootFileSystem(recipe, engine, folder, request.mayInstall, log, progress, either).catch(endOther),
  ]);
  const reference = kubernetesSource === undefined ? recipe.reference : sourceReference(recipe, compiled.sha256);
  const present = kubernetesSource !== undefined && (await engine.imageId(reference, signal)) !== undefined;
  if (!present) await assemble(request, compiled, reference, log);
  await rm(compiled.path, { force: true });
  return { reference, version: compiled.version, built: !present };
}

/** Adds Kubernetes and the container images to the root file system and commits the result. */
async function assemble(
  { recipe, engine, progress, signal }: BuildRequest,
  compiled: Compiled,
  reference: string,
  log: BuildLog,
): Promise<void> {
  progress.note('assembling the node image');
  const container = `lpv-image-${process.pid}-${Date.now().toString(36)}`;
  try {
    const start = [
      'run',
      '--detach',
      '--privileged',
      '--network',
      'none',
      '--label',
      'local-pv-conformance=image-build',
      '--name',
      container,
    ];
    await engine.run([...start, '--entrypoint', 'sleep', recipe.baseReference, 'infinity'], { signal });
    await engine.run(['cp', '--quiet', compiled.path, `${container}:/usr/local/bin/kubernetes`], {
      deadline: 300_000,
      signal,
    });
    await engine.run(['cp', '--quiet', join(recipeFolder, 'assemble.sh'), `${container}:/run/assemble.sh`], { signal });
    const { etcd, pause, podImage } = recipe;
    await log.run('assembling the image', {
      argv: ['docker', 'exec', container, 'sh', '/run/assemble.sh', compiled.version, etcd, pause, podImage],
      deadline: 300_000,
      signal,
    });
    await engine.run(['exec', container, 'rm', '/run/assemble.sh'], { signal });
    await engine.run(['commit', ...imageSettings, container, reference], { deadline: 300_000, signal });
  } finally {
    await engine.removeContainers([container]);
  }
}
