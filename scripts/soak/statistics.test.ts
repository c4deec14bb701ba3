import { expect } from 'chai';
import { grows, regression, slopeOf, wilson } from './statistics.ts';

describe('the interval of a share', () => {
  it('is what NIST prints for 4 of 20', () => {
    // Handbook of Statistical Methods, 7.2.4.1: p = 0.2, N = 20 at 95 %.
    const { low, high } = wilson(4, 20);
    expect(low).to.be.closeTo(0.081, 0.001);
    expect(high).to.be.closeTo(0.416, 0.001);
  });

  it('has a bound where nothing failed, close to the rule of three', () => {
    expect(wilson(0, 20).low).to.equal(0);
    expect(wilson(0, 20).high).to.be.closeTo(0.161, 0.001);
    expect(wilson(0, 6_000).high).to.be.closeTo(3.84 / 6_000, 0.00001);
  });

  it('mirrors that where everything failed', () => {
    expect(wilson(20, 20).low).to.be.closeTo(1 - 0.161, 0.001);
    expect(wilson(20, 20).high).to.equal(1);
  });

  it('is none without trials', () => {
    expect(() => wilson(0, 0)).to.throw(RangeError);
  });
});

describe('the slope of figures', () => {
  it('has the certified value and error of NIST’s data set Norris', () => {
    const { slope, error } = regression(norris);
    expect(slope).to.be.closeTo(1.00211681802045, 1e-12);
    expect(error).to.be.closeTo(0.429796848199937e-3, 1e-12);
  });

  it('is none of figures that stay the same, and none at all of two', () => {
    expect(slopeOf([7, 7, 7, 7])).to.deep.equal({ slope: 0, error: 0 });
    expect(slopeOf([7, 8])).to.equal(undefined);
  });

  it('distinguishes a leak of descriptors from noise', () => {
    // Figures that only vary, and the same with two more after each.
    const recorded = [94, 97, 95, 95, 98, 94, 96, 95, 97, 95];
    const leaking = recorded.map((figure, index) => figure + 2 * index);
    expect(grows(slopeOf(recorded) ?? { slope: 1, error: 0 })).to.equal(false);
    expect(grows(slopeOf(leaking) ?? { slope: 0, error: 0 })).to.equal(true);
  });
});

/** Statistical Reference Datasets, linear regression, Norris: https://www.itl.nist.gov/div898/strd/lls/data/Norris.shtml */
const norris = [
  [0.2, 0.1],
  [337.4, 338.8],
  [118.2, 118.1],
  [884.6, 888.0],
  [10.1, 9.2],
  [226.5, 228.1],
  [666.3, 668.5],
  [996.3, 998.5],
  [448.6, 449.1],
  [777.0, 778.9],
  [558.2, 559.2],
  [0.4, 0.3],
  [0.6, 0.1],
  [775.5, 778.1],
  [666.9, 668.8],
  [338.0, 339.3],
  [447.5, 448.9],
  [11.6, 10.8],
  [556.0, 557.7],
  [228.1, 228.3],
  [995.8, 998.0],
  [887.6, 888.8],
  [120.2, 119.6],
  [0.3, 0.3],
  [0.3, 0.6],
  [556.8, 557.6],
  [339.1, 339.3],
  [887.2, 888.0],
  [999.0, 998.5],
  [779.0, 778.9],
  [11.1, 10.2],
  [118.3, 117.6],
  [229.2, 228.9],
  [669.1, 668.4],
  [448.9, 449.2],
  [0.5, 0.2],
] as const;
