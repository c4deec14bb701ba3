import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { volumeTypes } from '../../clusters/nodes/volume-types.ts';
import { allRequirements } from '../catalogue/catalogue.ts';
import type { Chapter } from '../runner/registry.ts';
import { provesCase } from './matrix.ts';

const matrix = allRequirements().filter(({ pair }) => pair !== undefined);
const access = new URL('../access/', import.meta.url);

describe('the matrix of the access chapter', () => {
  it('has cases for every volume type, and none for another', () => {
    const types = new Set(matrix.map(({ pair }) => pair?.type));
    expect([...types].sort()).to.deep.equal(Object.keys(volumeTypes).sort());
  });

  it('asks of a cluster what the volume type needs', () => {
    for (const { id, pair, features } of matrix) {
      const needed = Object.entries(volumeTypes).find(([key]) => key === pair?.type)?.[1].features ?? [];
      expect(features, id).to.include.members([...needed]);
    }
  });

  it('has patterns that a search finds in the specs, each once', () => {
    const files = readdirSync(access).filter((name) => name.endsWith('.spec.ts'));
    const text = files.map((name) => readFileSync(new URL(name, access), 'utf8')).join('\n');
    for (const pattern of new Set(matrix.map(({ pair }) => pair?.case)))
      expect(text.split(`'${pattern}'`), pattern).to.have.lengthOf(2);
  });
});

describe('provesCase', () => {
  it('refuses a pattern that the catalogue does not have', () => {
    const chapter: Chapter = { chapter: 'access', requirements: matrix, proves: () => {} };
    expect(() => provesCase(chapter, 'LV-ACCESS-*-99', async () => {})).to.throw('LV-ACCESS-*-99');
  });
});
