import { expect } from 'chai';
import { backEnds } from '../../clusters/nodes/volume-types/index.ts';
import { allRequirements } from '../catalogue/read-catalogue.ts';

const matrix = allRequirements().filter(({ pair }) => pair !== undefined);

describe('the matrix of the access chapter', () => {
  it('has cases for every back end, and none for another', () => {
    const types = new Set(matrix.map(({ pair }) => pair?.type));
    expect([...types].sort()).to.deep.equal(backEnds.map(({ key }) => key).sort());
  });

  it('asks of a cluster what the back end needs', () => {
    for (const { id, pair, features } of matrix) {
      const needed = backEnds.find(({ key }) => key === pair?.type)?.features ?? [];
      expect(features, id).to.include.members([...needed]);
    }
  });
});
