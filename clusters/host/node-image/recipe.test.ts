import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readVersions } from '../../configuration/versions.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { hashOf, readRecipe, sourceReference } from './recipe.ts';

describe('the hash of a recipe', () => {
  let folder: string;
  const hash = (facts: string[] = ['v1.37.2']) => hashOf(folder, ['assemble.sh', 'rootfs'], facts);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-recipe-'));
    await mkdir(join(folder, 'rootfs', 'etc'), { recursive: true });
    await writeFile(join(folder, 'assemble.sh'), 'set -eu\n');
    await writeFile(join(folder, 'rootfs', 'etc', 'unit'), '[Unit]\n');
    await writeFile(join(folder, 'rootfs', 'run'), '#!/bin/sh\n', { mode: 0o755 });
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('is the same for the same files', async () => {
    expect(await hash())
      .to.match(/^[0-9a-f]{64}$/)
      .and.equal(await hash());
  });

  for (const [what, change] of [
    ['content', () => writeFile(join(folder, 'rootfs', 'etc', 'unit'), '[Unit]\n\n')],
    ['a file that was added', () => writeFile(join(folder, 'rootfs', 'new'), '')],
    ['the executable bit', () => chmod(join(folder, 'rootfs', 'run'), 0o644)],
    ['a name', () => rename(join(folder, 'rootfs', 'run'), join(folder, 'rootfs', 'walk'))],
    ['a place', () => rename(join(folder, 'rootfs', 'etc', 'unit'), join(folder, 'rootfs', 'unit'))],
  ] as const) {
    it(`changes with ${what}`, async () => {
      const before = await hash();
      await change();
      expect(await hash()).not.to.equal(before);
    });
  }

  it('changes with the facts, and with where one ends', async () => {
    const hashes = [await hash(['a', 'b']), await hash(['ab', '']), await hash(['b', 'a']), await hash([])];
    expect(new Set(hashes).size).to.equal(4);
  });

  it('does not change with group permissions, which a checkout may set as it likes', async () => {
    const before = await hash();
    await chmod(join(folder, 'assemble.sh'), 0o664);
    expect(await hash()).to.equal(before);
  });
});

describe('a recipe', () => {
  it('names images by what they are made of; minors share the root file system', async () => {
    const versions = await readVersions();
    const [recent, older] = await Promise.all(
      ['1.37', '1.36'].map((name) => readRecipe(versions, versions.minor(name))),
    );
    expect(recent?.reference).to.match(/^localhost\/local-pv-conformance\/node:v1\.37\.2-[0-9a-f]{12}$/);
    expect(older?.reference).to.match(/^localhost\/local-pv-conformance\/node:v1\.36\.3-[0-9a-f]{12}$/);
    expect(recent?.baseReference)
      .to.match(/^localhost\/local-pv-conformance\/node-base:bookworm-[0-9a-f]{12}$/)
      .and.equal(older?.baseReference);
  });

  it('names another image for another pin', async () => {
    const versions = await readVersions();
    const minor = versions.minor();
    const usual = await readRecipe(versions, minor);
    const otherPause = { ...versions, nodeImage: { ...versions.nodeImage, pause: '3.99' } };
    const otherSuite = { ...versions, nodeImage: { ...versions.nodeImage, debianSuite: 'trixie' } };
    const pause = await readRecipe(otherPause, minor);
    const suite = await readRecipe(otherSuite, minor);
    expect(pause.reference).not.to.equal(usual.reference);
    expect(pause.baseReference).to.equal(usual.baseReference);
    expect(suite.reference).not.to.equal(usual.reference);
    expect(suite.baseReference).not.to.equal(usual.baseReference);
  });

  it('is refused for a minor that can only be pulled, with those that can be built', async () => {
    const versions = await readVersions();
    const error = await readRecipe(versions, versions.minor('1.35')).catch((e) => e);
    expect(error).to.be.instanceOf(DomainError);
    expect(error.exit).to.equal('badUsage');
    expect(error.message).to.contain('1.37, 1.36 only');
  });

  it('names an image of a source tree by the program that was compiled', async () => {
    const versions = await readVersions();
    const recipe = await readRecipe(versions, versions.minor());
    const one = sourceReference(recipe, 'a'.repeat(64));
    expect(one).to.match(/^localhost\/local-pv-conformance\/node:source-[0-9a-f]{12}$/);
    expect(sourceReference(recipe, 'b'.repeat(64))).not.to.equal(one);
  });
});
