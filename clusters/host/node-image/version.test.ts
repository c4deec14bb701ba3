import { expect } from 'chai';
import { readVersions } from '../../configuration/versions.ts';
import { DomainError } from '../../errors/domain-error.ts';
import type { Engine } from '../engine/engine.ts';
import type { NodeImage } from './acquire.ts';
import { assertServed, assertVersion, versionIn } from './version.ts';

describe('the version of Kubernetes in a node image', () => {
  for (const [origin, found, asked, refusal] of [
    ['built', 'v1.37.2', '1.37', undefined],
    ['built', 'v1.37.1', '1.37', 'environment: its name stands for v1.37.2'],
    ['published', 'v1.37.0', '1.37', undefined],
    ['published', 'v1.36.4', '1.37', 'environment: its name stands for v1.37.0'],
    ['source tree', 'v1.38.0-alpha.1-12-gabcdef0', '1.37', undefined],
    ['given', 'v1.37.9', '1.37', undefined],
    ['given', 'v1.36.3', '1.37', 'badUsage: give --kubernetes 1.36'],
    ['given', 'v1.99.0-alpha.2', '1.37', undefined],
  ] as const) {
    it(`of origin ${origin} is ${refusal ? 'refused' : 'right'}: ${found} for ${asked}`, async () => {
      const versions = await readVersions();
      const image: Pick<NodeImage, 'reference' | 'origin'> = { reference: 'node:x', origin };
      const check = () => assertVersion(image, found, versions.minor(asked), versions.minors);
      if (refusal === undefined) return void check();
      const [exit, text] = refusal.split(': ');
      expect(check).to.throw(DomainError, text).with.property('exit', exit);
      expect(check).to.throw(DomainError, `it has ${found}`);
    });
  }

  it('has to be the one that the API server tells', () => {
    assertServed({ reference: 'node:x' }, 'v1.37.2', 'v1.37.2');
    expect(() => assertServed({ reference: 'node:x' }, 'v1.37.2', 'v1.37.1')).to.throw(
      DomainError,
      'it serves v1.37.1; the node image has v1.37.2',
    );
  });

  for (const [what, status, stdout, stderr, outcome] of [
    ['is read', 0, 'v1.37.2', '', 'v1.37.2'],
    ['is missed in an image that is none of kind', 1, '', "cat: can't open '/kind/version'", "cat: can't open"],
    ['is no other text', 0, 'latest', '', 'latest'],
  ] as const) {
    it(what, async () => {
      const engine = { runPrivileged: async () => ({ status, stdout, stderr }) } as unknown as Engine;
      const read = await versionIn(engine, 'node:x', 'lpv-a-look').catch((error: DomainError) => error);
      if (status === 0 && outcome.startsWith('v')) expect(read).to.equal(outcome);
      else
        expect((read as DomainError).message)
          .to.include(outcome)
          .and.include('built for it');
    });
  }
});
