import { expect } from 'chai';
import { cpuStealBetween, parseCpuTime } from './cpu-steal.ts';

describe('the time of the processors', () => {
  const stat = (line: string) => `${line}\ncpu0 1 1 1 1 1 1 1 1 0 0\nintr 5\n`;

  it('is read with what was steal of it, and without counting guests twice', () => {
    expect(parseCpuTime(stat('cpu  100 20 30 400 5 0 15 30 50 7'))).to.deep.equal({ all: 600, steal: 30 });
  });

  it('is unknown where the kernel tells nothing of the kind', () => {
    expect(parseCpuTime('')).to.equal(undefined);
    expect(parseCpuTime(stat('cpu  100 20 30 400'))).to.equal(undefined);
    expect(parseCpuTime(stat('cpu  100 20 30 400 5 0 15 many'))).to.equal(undefined);
  });

  it('was steal by its share between two readings', () => {
    expect(cpuStealBetween({ all: 600, steal: 30 }, { all: 1_600, steal: 280 })).to.equal(0.25);
    expect(cpuStealBetween(undefined, { all: 1_600, steal: 280 })).to.equal(undefined);
    expect(cpuStealBetween({ all: 600, steal: 30 }, { all: 600, steal: 30 })).to.equal(undefined);
  });
});
