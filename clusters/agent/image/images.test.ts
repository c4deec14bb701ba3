import { expect } from 'chai';
import { readVersions } from '../../configuration/versions.ts';
import { archiveFiles } from './docker-archive.ts';
import { contentOf, wantedImages } from './images.ts';

describe('the images for any cluster', () => {
  it('are named as in the registry, once each', async () => {
    const versions = await readVersions();
    const own = await wantedImages(versions);
    const there = await wantedImages(versions, 'registry.example:5000/team');
    expect(own.map(({ name }) => name)).to.include(versions.podImage.name);
    for (const [index, { name }] of there.entries()) {
      expect(name).to.match(/^registry\.example:5000\/team\/[a-z-]+:[\w.-]+$/);
      expect(own[index]?.name).to.equal(name.replace('registry.example:5000/team', 'localhost/local-pv-conformance'));
    }
    expect(new Set(there.map(({ name }) => name)).size).to.equal(3);
  });

  it('make one archive: each layer once, each image under its name', async () => {
    const wanted = await wantedImages(await readVersions());
    const layer = (letter: string) => ({ file: `/${letter}.tar`, sha256: letter.repeat(64) });
    const layers = { agent: layer('a'), pod: layer('b') };
    const programs = { version: 'v1', archive: '/c.tar', sha256: 'c'.repeat(64) };
    const images = wanted.flatMap((image) => contentOf(image, layers, programs) ?? []);
    const { 'manifest.json': manifest = '', ...configurations } = archiveFiles(images);
    const entries = JSON.parse(manifest) as { Config: string; RepoTags: string[]; Layers: string[] }[];
    expect(entries.map(({ RepoTags }) => RepoTags[0])).to.deep.equal(wanted.map(({ name }) => name));
    expect(entries.map(({ Layers }) => Layers.map((name) => name[0]))).to.deep.equal([['b'], ['a'], ['b', 'c']]);
    for (const { Config } of entries) expect(JSON.parse(configurations[Config] ?? '')).to.have.property('rootfs');
  });

  it('leave out the provisioner where it was not compiled', async () => {
    const layers = { agent: { file: '', sha256: '' }, pod: { file: '', sha256: '' } };
    const wanted = await wantedImages(await readVersions());
    expect(wanted.filter((image) => !contentOf(image, layers, undefined)).map(({ purpose }) => purpose)).to.deep.equal([
      'provisioner',
    ]);
  });
});
