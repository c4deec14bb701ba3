import { expect } from 'chai';
import { median, quantile } from './collections.ts';

describe('median and quantiles', () => {
  it('gives the middle, or the mean of the two in the middle', () => {
    expect(median([9, 1, 4])).to.equal(4);
    expect(median([4, 1])).to.equal(2.5);
    expect(median([])).to.be.NaN;
  });

  it('goes between neighbours in proportion', () => {
    expect(quantile([0, 10, 20, 30, 40], 0.9)).to.equal(36);
    expect(quantile([7], 0.9)).to.equal(7);
  });
});
