import { expect } from 'chai';
import { judge, pairedRatio } from './ratios.ts';

describe('the ratio of figures that were measured in turns', () => {
  const hundreds = (count: number) => Array.from({ length: count }, () => 100);
  const upFrom = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

  it('is the median of the pairs, not the ratio of the medians', () => {
    const ratio = pairedRatio([110, 55, 220, 11, 99, 121], [100, 50, 200, 10, 90, 110]);
    expect(ratio.median).to.be.closeTo(1.1, 1e-9);
  });

  // The ranks are those of tables of the sign test at 95 %.
  for (const [rounds, rank] of [
    [6, 1],
    [8, 1],
    [9, 2],
    [12, 3],
    [20, 6],
    [30, 10],
  ] as const) {
    it(`has, after ${rounds} rounds, the bounds that are number ${rank} from both ends`, () => {
      const { low, high } = pairedRatio(upFrom(101, rounds), hundreds(rounds));
      expect([low * 100, high * 100].map(Math.round)).to.deep.equal([100 + rank, 101 + rounds - rank]);
    });
  }

  it('is not told from five pairs, which are on one side by chance too often', () => {
    expect(() => pairedRatio(upFrom(101, 5), hundreds(5))).to.throw(RangeError);
  });

  it('says how many rounds show a difference of 5 %: four times as many for twice the spread', () => {
    const spread = (by: number) =>
      pairedRatio([100 - by, 100 + by, 100 - by, 100 + by, 100 - by, 100 + by], hundreds(6));
    expect(spread(0.5).needed).to.equal(6);
    expect(spread(20).needed / spread(10).needed).to.be.closeTo(4, 0.2);
  });
});

describe('what a ratio shows', () => {
  for (const [low, high, shown] of [
    [1.06, 1.2, 'slower'],
    [1.04, 1.2, 'unclear'],
    [0.97, 1.03, 'same'],
    [0.8, 0.94, 'faster'],
    [0.5, 2, 'unclear'],
  ] as const) {
    it(`is ${shown}, where the bounds are ${low} and ${high} and 5 % count`, () => {
      expect(judge({ low, high }, 0.05)).to.equal(shown);
    });
  }
});
