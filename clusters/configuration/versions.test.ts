import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { DomainError } from '../errors/domain-error.ts';
import { BadConfiguration } from '../yaml/bad-configuration.ts';
import { parseVersions, readVersions, versionsFile } from './versions.ts';

const good = readFileSync(versionsFile, 'utf8');
const parseWith = (from: string, to: string) => () => {
  const text = good.replace(from, to);
  expect(text).not.to.equal(good);
  return parseVersions({ file: 'versions.yaml', text });
};

describe('versions', () => {
  it('pin every minor by digest, and the default one can be built', async () => {
    const versions = await readVersions();
    expect(versions.minors.map(({ name }) => name)).to.deep.equal(['1.37', '1.36', '1.35', '1.34']);
    for (const { name, published } of versions.minors)
      expect(published).to.contain(`:v${name}.`).and.to.contain('@sha256:');
    expect(versions.minor()).to.equal(versions.minor('1.37'));
    expect(versions.minor().built).to.deep.equal({ kubernetes: 'v1.37.2', etcd: '3.7.0-0' });
    expect(versions.minor('1.35').built).to.equal(undefined);
  });

  it('name the recipe of the node image for each minor that is built', async () => {
    for (const { name, built } of (await readVersions()).minors) {
      if (!built) continue;
      const recipe = readFileSync(new URL(`../host/node-image/kubernetes/${name}/go.mod`, import.meta.url), 'utf8');
      expect(recipe).to.contain(`k8s.io/kubernetes ${built.kubernetes}`);
      expect(recipe).to.contain(`go.etcd.io/etcd/server/v3 v${built.etcd.replace(/-\d+$/, '')}`);
    }
  });

  for (const [name, remedy] of [
    ['1.73', 'did you mean --kubernetes 1.37?'],
    ['v1.36.4', 'did you mean --kubernetes 1.36?'],
    ['latest', 'write --kubernetes 1.37'],
  ] as const) {
    it(`refuse the minor ${name}, with the known ones`, async () => {
      const versions = await readVersions();
      const error = (() => {
        try {
          return versions.minor(name);
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(error).to.be.instanceOf(DomainError).and.to.include({ exit: 'badUsage' });
      expect((error as Error).message)
        .to.contain('known minors: 1.37, 1.36, 1.35, 1.34')
        .and.to.contain(remedy);
    });
  }

  it('refuse an image without a digest, a short sum, a number as a minor, an absent default', () => {
    expect(parseWith(/@sha256:a1ed\w+/.exec(good)?.[0] ?? '', '')).to.throw(
      BadConfiguration,
      'is not an image with tag and sha256 digest',
    );
    expect(parseWith('aee6151561422756', 'aee615')).to.throw(BadConfiguration, 'kind.sha256.linux-amd64');
    expect(parseWith('default: "1.37"', 'default: 1.37')).to.throw(BadConfiguration, 'put it in quotes: "1.37"');
    expect(parseWith('default: "1.37"', 'default: "1.33"')).to.throw(
      BadConfiguration,
      '1.33 is not one of the minors 1.37, 1.36, 1.35, 1.34',
    );
    expect(parseWith('minimumServerVersion', 'minimumServerVerson')).to.throw(
      BadConfiguration,
      'did you mean minimumServerVersion?',
    );
  });
});
