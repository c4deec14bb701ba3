import type { KubernetesMinor } from '../../configuration/versions.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { lpv } from '../../project-root.ts';
import type { Engine } from '../engine/engine.ts';
import type { NodeImage } from './acquire.ts';

/**
 * Returns the Kubernetes version that a node image says it has, such as v1.37.2. kind reads the same file.
 * @throws DomainError if the image has none, or no privileged container can be started
 */
export async function versionIn(
  engine: Engine,
  image: string,
  container: string,
  signal?: AbortSignal,
): Promise<string> {
  const { status, stdout, stderr } = await engine.runPrivileged(image, container, ['cat', '/kind/version'], signal);
  const version = stdout.trim();
  if (status === 0 && /^v\d+\.\d+\.\d+/.test(version)) return version;
  throw new DomainError({
    attempted: 'looking for Kubernetes in the node image',
    on: image,
    seen: version || stderr.trim() || 'nothing in /kind/version',
    why: 'kind makes nodes of images that were built for it; these have the version of Kubernetes in /kind/version',
    remedy: 'use --image auto, or another image',
  });
}

/**
 * Compares the version in an image with the one that was asked for. The user's own image may have an unknown minor.
 * @throws DomainError if they differ: specs would judge another Kubernetes than the one that the report names
 */
export function assertVersion(
  { reference, origin }: Pick<NodeImage, 'reference' | 'origin'>,
  found: string,
  minor: KubernetesMinor,
  minors: readonly { name: string }[],
): void {
  const attempted = 'checking the version of Kubernetes in the node image';
  const nameOfMinor = /^v(\d+\.\d+)\./.exec(found)?.[1];
  if (origin === 'given') {
    if (nameOfMinor === minor.name || !minors.some(({ name }) => name === nameOfMinor)) return;
    throw new DomainError(
      {
        attempted,
        on: reference,
        seen: `it has ${found}; Kubernetes ${minor.name} was asked for`,
        remedy: `give --kubernetes ${nameOfMinor} with it, or another --image`,
      },
      { exit: 'badUsage' },
    );
  }
  const wanted = {
    built: minor.built?.kubernetes,
    published: /:(v[^@]+)@/.exec(minor.published)?.[1],
    // Its version comes from its git tags.
    'source tree': found,
  }[origin];
  if (found === wanted) return;
  throw new DomainError({
    attempted,
    on: reference,
    seen: `it has ${found}; its name stands for ${wanted}`,
    why: 'another image has been given this name',
    remedy: `docker image rm ${reference}`,
  });
}

/**
 * Compares the version that a cluster's API server reports with the one in its node image.
 * @throws DomainError if they differ
 */
export function assertServed(image: Pick<NodeImage, 'reference'>, found: string, served: string): void {
  if (served === found) return;
  throw new DomainError({
    attempted: 'checking the version of the API server',
    on: image.reference,
    seen: `it serves ${served}; the node image has ${found}`,
    why: 'specs would judge another Kubernetes than the one that the image is named after',
    remedy: `${lpv('image --rebuild')}, or another --image`,
  });
}
