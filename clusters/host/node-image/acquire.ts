import type { KubernetesMinor, Versions } from '../../configuration/versions.ts';
import type { Progress } from '../../text/progress.ts';
import type { Engine } from '../engine/engine.ts';
import { buildNodeImage } from './build.ts';
import { type ImagePlan, type ImageWish, meansNoRegistry, planImage } from './choose.ts';
import { pullFailed, pullImage } from './pull.ts';
import { readRecipe } from './recipe.ts';

/** A node image in the engine. */
export interface NodeImage {
  reference: string;
  /** The engine's id of the image, `sha256:…`. */
  id: string;
  /** Its digests in registries; empty for an image that was built here. */
  digests: string[];
  origin: 'published' | 'built' | 'given' | 'source tree';
  /** How this run got it. */
  got: 'present' | 'pulled' | 'built';
}

export interface AcquireRequest {
  wish: ImageWish;
  minor: KubernetesMinor;
  versions: Versions;
  engine: Engine;
  /** Folder for the folders and the logs of builds. */
  buildsFolder: string;
  kubernetesSource?: string | undefined;
  rebuild?: boolean;
  mayInstall: boolean;
  progress: Progress;
  signal?: AbortSignal | undefined;
}

/** Returns the requested node image with its origin. Uses a present one, or pulls or builds it. */
export async function acquireNodeImage(request: AcquireRequest): Promise<NodeImage> {
  const { engine, progress, signal } = request;
  if (request.kubernetesSource !== undefined || request.rebuild) return await build(request);

  const plan = await findImage(request);
  if (plan.kind === 'build') return await build(request);
  if (plan.kind === 'use') return await describe(engine, plan.reference, plan.origin, 'present', signal);

  progress.note(`pulling ${plan.reference}`);
  const result = await pullImage(engine, plan.reference, progress, { signal });
  if (result.kind === 'pulled') return await describe(engine, plan.reference, plan.origin, 'pulled', signal);
  if (!plan.orBuild || !meansNoRegistry(result)) throw pullFailed(plan.reference, result);
  progress.note(
    `no registry answers here (${result.kind === 'silent' ? `silent for ${result.seconds} s` : 'cannot be reached'}): building the node image instead`,
  );
  return await build(request);
}

/**
 * Returns the reference of the node image that the engine has and that would be used; undefined where it would be pulled
 * or built.
 */
export async function presentNodeImage(request: Sought): Promise<string | undefined> {
  const plan = await findImage(request);
  return plan.kind === 'use' ? plan.reference : undefined;
}

type Sought = Pick<AcquireRequest, 'wish' | 'minor' | 'versions' | 'engine' | 'signal'>;

/** Returns how to get the image, by what the engine has. */
async function findImage({ wish, minor, versions, engine, signal }: Sought): Promise<ImagePlan> {
  const builtReference = minor.built === undefined ? undefined : (await readRecipe(versions, minor)).reference;
  const present = async (reference: string) => (await engine.imageId(reference, signal)) !== undefined;
  return planImage(wish, {
    published: { reference: minor.published, present: await present(minor.published) },
    built:
      builtReference === undefined ? undefined : { reference: builtReference, present: await present(builtReference) },
    givenPresent: wish.kind === 'reference' && (await present(wish.reference)),
  });
}

async function build(request: AcquireRequest): Promise<NodeImage> {
  const { versions, minor, engine, buildsFolder, kubernetesSource, signal } = request;
  const { reference, built } = await buildNodeImage({
    ...request,
    recipe: await readRecipe(versions, minor),
    folder: buildsFolder,
  });
  return await describe(
    engine,
    reference,
    kubernetesSource === undefined ? 'built' : 'source tree',
    built ? 'built' : 'present',
    signal,
  );
}

/** Returns the image of the node of an existing cluster; undefined if there is no such node. */
export async function imageOfNode(
  engine: Engine,
  container: string,
  signal?: AbortSignal,
): Promise<NodeImage | undefined> {
  const reference = await engine.imageOf(container, signal);
  return reference === undefined ? undefined : await describe(engine, reference, 'given', 'present', signal);
}

async function describe(
  engine: Engine,
  reference: string,
  origin: NodeImage['origin'],
  got: NodeImage['got'],
  signal?: AbortSignal,
): Promise<NodeImage> {
  const id = await engine.imageId(reference, signal);
  return { reference, id: id ?? 'unknown', digests: await engine.imageDigests(reference, signal), origin, got };
}
