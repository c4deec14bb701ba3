import { expect } from 'chai';
import { allRequirements, type Requirement } from '../catalogue/catalogue.ts';
import { shardOf } from './shards.ts';

const catalogue = allRequirements().map((requirement) => ({ requirement }));
const idsOf = (specs: readonly { requirement: Requirement }[]) => specs.map(({ requirement: { id } }) => id);
const shardsOf = (specs: typeof catalogue, of: number, secondsOf?: (requirement: Requirement) => number) =>
  Array.from({ length: of }, (_, index) => shardOf(specs, { index: index + 1, of }, secondsOf));
const unlocked = catalogue.filter(
  ({ requirement: { exclusive, features } }) =>
    exclusive.length === 0 && !features.includes('disruptive') && !features.includes('provisioner'),
);
/** Made-up seconds, which differ from spec to spec. */
const seconds = ({ id, chapter }: Requirement) => (chapter === 'stress' ? 60 : 2) + (Number(id.replace(/\D/g, '')) % 7);

describe('the shards of a selection', () => {
  for (const of of [1, 2, 4, 9]) {
    it(`${of} of them have every spec once, in the order of the catalogue`, () => {
      const shards = shardsOf(catalogue, of, seconds);
      expect(shards.flatMap(idsOf).toSorted()).to.deep.equal(idsOf(catalogue).toSorted());
      for (const shard of shards) {
        const places = shard.map((spec) => catalogue.indexOf(spec));
        expect(places).to.deep.equal(places.toSorted((a, b) => a - b));
      }
    });
  }

  it('are the same whenever they are asked for', () => {
    expect(shardsOf(catalogue, 4, seconds).map(idsOf)).to.deep.equal(shardsOf([...catalogue], 4, seconds).map(idsOf));
  });

  it('do not part a group, nor the specs of the static provisioner', () => {
    for (const together of [
      ({ group }: Requirement) => group === 'wake-ups',
      ({ features }: Requirement) => features.includes('provisioner'),
    ]) {
      const having = shardsOf(catalogue, 4, seconds).filter((shard) =>
        shard.some(({ requirement }) => together(requirement)),
      );
      expect(having).to.have.length(1);
    }
  });

  it('take about as long as each other, what locks the same thing one after the other', () => {
    const locked = catalogue.filter(({ requirement: { exclusive } }) => exclusive[0] === 'disks.yaml');
    const sizes = shardsOf(locked, 3).map(({ length }) => length);
    expect(sizes).to.deep.equal([1, 1, 1]);
    const sums = shardsOf(unlocked, 4, seconds).map((shard) =>
      shard.reduce((sum, { requirement }) => sum + seconds(requirement), 0),
    );
    expect(Math.max(...sums) / Math.min(...sums)).to.be.below(1.1);
  });

  it('put what is long apart', () => {
    const two = unlocked.slice(0, 2);
    const long = (requirement: Requirement) => (two.some((spec) => spec.requirement === requirement) ? 100 : 1);
    for (const shard of shardsOf(unlocked, 2, long))
      expect(shard.filter((spec) => two.includes(spec))).to.have.length(1);
  });

  it('are not more than there is to divide', () => {
    const three = catalogue.slice(0, 3);
    expect(shardsOf(three, 3).map(({ length }) => length)).to.deep.equal([1, 1, 1]);
    expect(() => shardOf(three, { index: 1, of: 4 }))
      .to.throw(/the selection has 3 parts that can be run apart/)
      .with.property('exit', 'badUsage');
  });
});
