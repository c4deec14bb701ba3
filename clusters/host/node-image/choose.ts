import type { PullFailure } from './pull.ts';

/** The requested node image: the option `--image`. */
export type ImageWish =
  | { kind: 'auto' }
  | { kind: 'published' }
  | { kind: 'built' }
  | { kind: 'reference'; reference: string };

/** What is known before anything is fetched or built. */
export interface ImageSituation {
  /** The published image of the minor, by digest. */
  published: { reference: string; present: boolean };
  /** The image of the recipe; undefined if there is no recipe for the minor. */
  built: { reference: string; present: boolean } | undefined;
  /** Whether an image given by reference is present. */
  givenPresent: boolean;
}

/** How to get the image. */
export type ImagePlan =
  | { kind: 'use'; reference: string; origin: 'published' | 'built' | 'given' }
  | { kind: 'pull'; reference: string; origin: 'published' | 'given'; orBuild: boolean }
  | { kind: 'build' };

/** Returns the value of `--image`, parsed. */
export function readImageWish(value: string): ImageWish {
  if (value === 'auto' || value === 'published' || value === 'built') return { kind: value };
  return { kind: 'reference', reference: value };
}

/** Returns how to get the image: a present one is used, else the published image is pulled, else one is built. */
export function planImage(wish: ImageWish, situation: ImageSituation): ImagePlan {
  const { published, built, givenPresent } = situation;
  switch (wish.kind) {
    case 'reference':
      return givenPresent
        ? { kind: 'use', reference: wish.reference, origin: 'given' }
        : { kind: 'pull', reference: wish.reference, origin: 'given', orBuild: false };
    case 'built':
      return built?.present ? { kind: 'use', reference: built.reference, origin: 'built' } : { kind: 'build' };
    case 'published':
      return published.present
        ? { kind: 'use', reference: published.reference, origin: 'published' }
        : { kind: 'pull', reference: published.reference, origin: 'published', orBuild: false };
    case 'auto':
      if (published.present) return { kind: 'use', reference: published.reference, origin: 'published' };
      if (built?.present) return { kind: 'use', reference: built.reference, origin: 'built' };
      return { kind: 'pull', reference: published.reference, origin: 'published', orBuild: built !== undefined };
  }
}

/**
 * Returns whether a failed pull means that this site has no registry, so that the image has to be built. Any other
 * failure is an error.
 */
export function meansNoRegistry(failure: PullFailure): boolean {
  return failure.kind === 'no registry' || failure.kind === 'silent';
}
