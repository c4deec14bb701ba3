import { expect } from 'chai';
import { fairShare } from './sharing.ts';

describe('sharing out room', () => {
  const total = (sizes: readonly number[], share: number) =>
    sizes.reduce((sum, size) => sum + Math.min(size, share), 0);

  it('cuts nothing where everything fits', () => {
    expect(fairShare([10, 20, 30], 60, 1000)).to.equal(1000);
    expect(fairShare([], 0, 1000)).to.equal(1000);
  });

  it('leaves the small whole and cuts the large at the same size', () => {
    expect(fairShare([10, 1000, 2000], 110, 1000)).to.equal(50);
    expect(fairShare([2000, 10, 1000], 110, 1000)).to.equal(50);
  });

  it('keeps to the budget and to the most', () => {
    const sizes = [3, 700, 12, 90, 4000, 4000, 51];
    for (const budget of [0, 1, 100, 1000, 5000, 8856]) {
      const share = fairShare(sizes, budget, 3000);
      expect(share).to.be.at.most(3000);
      expect(total(sizes, share), `budget ${budget}`).to.be.at.most(budget);
    }
    expect(fairShare([5], -20, 3000)).to.equal(0);
  });
});
