import { expect } from 'chai';
import { projectRoot } from '../../clusters/project-root.ts';
import { readInventory } from '../catalogue/inventory.ts';
import { allRequirements } from '../catalogue/read-catalogue.ts';
import { loadSpecs } from './load-specs.ts';
import { specFiles } from './spec-files.ts';

describe('the catalogue and its specs', function () {
  this.timeout(30_000);
  const requirements = allRequirements();
  const ids = requirements.map(({ id }) => id);

  it('have exactly one spec for each requirement, and a requirement for each spec', async () => {
    const everything = { asked: '', takes: () => true };
    const { specs } = await loadSpecs({ files: await specFiles(), selection: everything, root: projectRoot });
    const proven = [...specs.values()].map(({ id }) => id);
    expect(proven.toSorted()).to.deep.equal(ids.toSorted());
    const nowhere = [...specs.values()].filter(({ line }) => line === undefined).map(({ id }) => id);
    expect(nowhere, 'specs without a line, where GitHub would point').to.deep.equal([]);
  });

  it('use each id once, also across chapters', () => {
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).to.deep.equal([]);
  });

  it('cover every row of the inventory, or say why not', () => {
    const { rows, without } = readInventory();
    const covered = new Set(requirements.flatMap((requirement) => requirement.upstream));
    expect(rows.filter((row) => !covered.has(row) && !without.has(row))).to.deep.equal([]);
    expect([...without.keys()].filter((row) => covered.has(row) || !rows.includes(row))).to.deep.equal([]);
  });

  it('quote only rows that there are', () => {
    const known = new Set(readInventory().rows);
    const quoted = requirements.flatMap((requirement) => requirement.upstream);
    expect(quoted.filter((row) => !known.has(row) && !row.startsWith('SEED-'))).to.deep.equal([]);
  });

  it('touch nodes that there are, or the whole cluster', () => {
    const held = requirements
      .filter(({ features }) => features.includes('disruptive'))
      .flatMap(({ exclusive }) => exclusive);
    expect([...new Set(held)].toSorted()).to.deep.equal(['node2', 'node3']);
  });

  it('touch no node where any would do', () => {
    const anywhere = requirements.filter(({ nodes }) => nodes === 'any');
    expect(anywhere.length).to.be.above(0);
    expect(anywhere.filter(({ features }) => features.includes('disruptive'))).to.deep.equal([]);
  });

  it('have at least 170 requirements', () => {
    expect(ids.length).to.be.at.least(170);
  });
});
