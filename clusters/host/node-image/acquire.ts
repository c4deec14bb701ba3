import { join } from 'node:path';
import type { KubernetesMinor, Versions } from '../../configuration/versions.ts';
import type { Progress } from '../../text/progress.ts';
import type { Engine } from '../engine/engine.ts';
import { buildNodeImage } from './build.ts';
import { type ImageWish, meansNoRegistry, planImage } from './choose.ts';
import { pullFailed, pullImage } from './pull.ts';
import { readRecipe } from './recipe.ts';

/** A node image that the engine has. */
export interface NodeImage {
  reference: string;
  /** The engine's id of it, `sha256:…`. */
  id: string;
  /** The digests under which registries know it; empty for one built here. */
  digests: string[];
  origin: 'published' | 'built' | 'given' | 'source tree';
  /** How it came here in this run. */
  got: 'present' | 'pulled' | 'built';
}

export interface AcquireRequest {
  wish: ImageWish;
  minor: KubernetesMinor;
  versions: Versions;
  engine: Engine;
  /** Folder for what outlives a run: intermediate files and logs of builds. */
  cacheFolder: string;
  kubernetesSource?: string | undefined;
  rebuild?: boolean;
  mayInstall: boolean;
  progress: Progress;
  signal?: AbortSignal | undefined;
}

/** Gets the node image that is wanted: uses, pulls or builds it, and says which. */
export async function acquireNodeImage(request: AcquireRequest): Promise<NodeImage> {
  const { wish, minor, versions, engine, progress, signal } = request;
  if (request.kubernetesSource !== undefined || request.rebuild) return await build(request);

  const builtReference = minor.built === undefined ? undefined : (await readRecipe(versions, minor)).reference;
  const present = async (reference: string) => (await engine.imageId(reference, signal)) !== undefined;
  const plan = planImage(wish, {
    published: { reference: minor.published, present: await present(minor.published) },
    built:
      builtReference === undefined ? undefined : { reference: builtReference, present: await present(builtReference) },
    givenPresent: wish.kind === 'reference' && (await present(wish.reference)),
  });
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

async function build(request: AcquireRequest): Promise<NodeImage> {
  const { versions, minor, engine, cacheFolder, kubernetesSource, signal } = request;
  const { reference, built } = await buildNodeImage({
    ...request,
    recipe: await readRecipe(versions, minor),
    folder: join(cacheFolder, 'node-image'),
  });
  return await describe(
    engine,
    reference,
    kubernetesSource === undefined ? 'built' : 'source tree',
    built ? 'built' : 'present',
    signal,
  );
}

/** The image that the node of a cluster is made from, for a cluster that is there; undefined where the node is not. */
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
