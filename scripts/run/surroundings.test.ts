import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../../clusters/project-root.ts';
import { cpuBusyBetween, cpuStealBetween, harnessFacts, parseCpuTime } from './surroundings.ts';

describe('the facts of the harness', () => {
  it('have a commit in a checkout', async function () {
    if (!existsSync(join(projectRoot, '.git'))) this.skip();
    expect((await harnessFacts()).commit).to.match(/^[0-9a-f]{40}$/);
  });

  it('have none in a folder of another repository', async () =>
    expect(await harnessFacts(join(projectRoot, 'scripts'))).to.have.all.keys('version'));
});

describe('the time of the processors', () => {
  const stat = (line: string) => `${line}\ncpu0 1 1 1 1 1 1 1 1 0 0\nintr 5\n`;

  it('is read with what was steal of it, and without counting guests twice', () => {
    expect(parseCpuTime(stat('cpu  100 20 30 400 5 0 15 30 50 7'))).to.deep.equal({ all: 600, busy: 165, steal: 30 });
  });

  it('is unknown where the kernel does not count it', () => {
    expect(parseCpuTime('')).to.equal(undefined);
    expect(parseCpuTime(stat('cpu  100 20 30 400'))).to.equal(undefined);
    expect(parseCpuTime(stat('cpu  100 20 30 400 5 0 15 many'))).to.equal(undefined);
  });

  const before = { all: 600, busy: 165, steal: 30 };

  it('was work by its share between two readings', () => {
    expect(cpuBusyBetween(before, { all: 1_600, busy: 365, steal: 280 })).to.equal(0.2);
    expect(cpuBusyBetween(before, undefined)).to.equal(undefined);
  });

  it('was steal by its share between two readings', () => {
    expect(cpuStealBetween(before, { all: 1_600, busy: 365, steal: 280 })).to.equal(0.25);
    expect(cpuStealBetween(undefined, before)).to.equal(undefined);
    expect(cpuStealBetween(before, before)).to.equal(undefined);
  });
});
