import { expect } from 'chai';
import { clusterNameProblem, runIdentity } from './run-identity.ts';

const now = new Date(2026, 10, 3, 9, 5, 7);

describe('the identity of a run', () => {
  it('names everything after the run id', () => {
    expect(runIdentity({ now, randomInt: () => 0 })).to.deep.equal({
      id: 'a00000',
      cluster: 'lpv-a00000',
      network: 'lpv-a00000',
      folder: 'reports/20261103-090507-a00000',
    });
  });

  it('uses the whole of base 36, and a letter first', () => {
    expect(runIdentity({ now, randomInt: (below) => below - 1 }).id).to.equal('zzzzzz');
  });

  it("puts the user's name into the cluster's, not into the run id", () => {
    const identity = runIdentity({ now, randomInt: () => 1, name: 'demo' });
    expect(identity).to.include({ id: 'b11111', cluster: 'lpv-demo', network: 'lpv-demo' });
  });
});

describe('a name for the cluster', () => {
  for (const name of ['demo', 'a', '1', 'local-disks-2', 'a'.repeat(40)]) {
    it(`may be ${name}`, () => expect(clusterNameProblem(name)).to.equal(undefined));
  }
  for (const name of ['', 'Demo', '-demo', 'demo-', 'de_mo', 'de.mo', 'a b', 'a\nb', '../x', 'a'.repeat(41)]) {
    it(`must not be ${JSON.stringify(name)}`, () =>
      expect(clusterNameProblem(name)).to.match(/up to 40 lower-case letters/));
  }
});
