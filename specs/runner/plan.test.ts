import { expect } from 'chai';
import { shuffled } from './plan.ts';

describe('the order of specs', () => {
  const items = Array.from({ length: 200 }, (_, index) => index);

  it('follows from the seed alone, and keeps every spec', () => {
    expect(shuffled(items, 7)).to.deep.equal(shuffled(items, 7));
    expect(shuffled(items, 7)).not.to.deep.equal(shuffled(items, 8));
    expect(shuffled(items, 7).toSorted((a, b) => a - b)).to.deep.equal(items);
  });

  it('favours no place', () => {
    const places = Array.from({ length: 1_000 }, (_, seed) => shuffled(items.slice(0, 4), seed).indexOf(0));
    for (const place of [0, 1, 2, 3])
      expect(places.filter((found) => found === place).length, `place ${place}`).to.be.within(190, 310);
  });
});
