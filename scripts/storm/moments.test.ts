import { expect } from 'chai';
import { Moments } from './moments.ts';

/** Three claims, a second apart; the third is not bound. */
function example(): Moments {
  const moments = new Moments(3);
  for (const claim of [0, 1, 2]) moments.note('created', claim, 1_000 * (claim + 1));
  moments.note('reserved', 0, 1_200);
  moments.note('bound', 0, 1_300);
  moments.note('scheduled', 0, 2_000);
  moments.note('reserved', 1, 2_100);
  moments.note('bound', 1, 2_400);
  moments.note('scheduled', 1, 4_000);
  return moments;
}

describe('the moments of a storm', () => {
  it('count what was reached, and know what is not finished', () => {
    const moments = example();
    expect(moments.reached('created')).to.equal(3);
    expect(moments.reached('bound')).to.equal(2);
    expect(moments.complete).to.equal(false);
    expect(moments.unfinished()).to.deep.equal([2]);
    moments.note('bound', 2, 5_000);
    expect(moments.unfinished()).to.deep.equal([2]);
    moments.note('scheduled', 2, 5_000);
    expect(moments.complete).to.equal(true);
  });

  it('are those of the first event: later ones say nothing new', () => {
    const moments = example();
    moments.note('bound', 0, 9_000);
    expect(moments.between('created', 'bound')).to.deep.equal([300, 400]);
    moments.note('bound', 7, 9_000);
    moments.note('bound', -1, 9_000);
    expect(moments.reached('bound')).to.equal(2);
  });

  it('are counted from the first claim', () => {
    expect(example().times('scheduled')).to.deep.equal([1_000, 3_000]);
  });

  it('take what seems to be in the reverse order for at once', () => {
    const moments = new Moments(1);
    moments.note('bound', 0, 10);
    moments.note('scheduled', 0, 8);
    expect(moments.between('bound', 'scheduled')).to.deep.equal([0]);
  });

  it('have the way of the claim at a percentile, which adds up', () => {
    expect(example().wayAt(0.5)).to.deep.equal({ reserved: 200, bound: 100, scheduled: 700 });
    expect(example().wayAt(1)).to.deep.equal({ reserved: 100, bound: 300, scheduled: 1_600 });
    expect(new Moments(2).wayAt(0.5)).to.equal(undefined);
  });
});
