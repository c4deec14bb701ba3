import { expect } from 'chai';
import { type ImagePlan, type ImageSituation, meansNoRegistry, planImage, readImageWish } from './choose.ts';

const published = 'kindest/node:v1.37.0@sha256:1';
const built = 'localhost/node:1';
const situation = (
  publishedPresent: boolean,
  builtPresent: boolean | undefined,
  givenPresent = false,
): ImageSituation => ({
  published: { reference: published, present: publishedPresent },
  built: builtPresent === undefined ? undefined : { reference: built, present: builtPresent },
  givenPresent,
});
const usePublished: ImagePlan = { kind: 'use', reference: published, origin: 'published' };
const useBuilt: ImagePlan = { kind: 'use', reference: built, origin: 'built' };
const pull = (orBuild: boolean): ImagePlan => ({ kind: 'pull', reference: published, origin: 'published', orBuild });

describe('the choice of the node image', () => {
  for (const [wish, what, given, plan] of [
    ['auto', 'both are here', situation(true, true), usePublished],
    ['auto', 'the built one is here', situation(false, true), useBuilt],
    ['auto', 'none is here', situation(false, false), pull(true)],
    ['auto', 'none is here and there is no recipe', situation(false, undefined), pull(false)],
    ['published', 'only the built one is here', situation(false, true), pull(false)],
    ['published', 'it is here', situation(true, false), usePublished],
    ['built', 'only the published one is here', situation(true, false), { kind: 'build' }],
    ['built', 'there is no recipe', situation(true, undefined), { kind: 'build' }],
    ['built', 'it is here', situation(true, true), useBuilt],
    ['my/node:1', 'it is here', situation(true, true, true), { kind: 'use', reference: 'my/node:1', origin: 'given' }],
    [
      'my/node:1',
      'it is not here',
      situation(true, true),
      { kind: 'pull', reference: 'my/node:1', origin: 'given', orBuild: false },
    ],
  ] as [string, string, ImageSituation, ImagePlan][]) {
    it(`is, for ${wish} where ${what}, to ${plan.kind}`, () => {
      expect(planImage(readImageWish(wish), given)).to.deep.equal(plan);
    });
  }

  for (const [kind, none] of [
    ['no registry', true],
    ['absent', false],
    ['wrong digest', false],
    ['refused', false],
    ['other', false],
  ] as const) {
    it(`${none ? 'builds' : 'never builds'} in the place of a pull that ends with: ${kind}`, () => {
      expect(meansNoRegistry({ kind, message: '' })).to.equal(none);
    });
  }

  it('builds in the place of a pull from a silent registry', () => {
    expect(meansNoRegistry({ kind: 'silent', seconds: 15 })).to.equal(true);
  });
});
