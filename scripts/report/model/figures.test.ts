import { expect } from 'chai';
import { cpuStealLine, podStartLine, slowest } from './figures.ts';

describe('the figures of a run', () => {
  it('compare each pod with its own lower limit', () => {
    const starts = [
      { requirement: 'SEED-1', milliseconds: 1_300, lowerLimit: 650 },
      { requirement: 'SEED-1', milliseconds: 1_950, lowerLimit: 650 },
      { requirement: 'SEED-1', milliseconds: 3_300, lowerLimit: 1_650 },
    ];
    expect(podStartLine(starts)).to.equal('pods created to Ready: 3, median 2 s, 2.0 × what Kubernetes allows at best');
  });

  it('have the CPU steal, and its effect where it was much', () => {
    expect(cpuStealLine(0)).to.equal('CPU steal: 0 % (the host gave this time to other machines)');
    expect(cpuStealLine(0.14)).to.equal(
      'CPU steal: 14 % (the host gave this time to other machines), so everything took longer',
    );
  });

  it('have what took longest, without what did not run', () => {
    const all = [
      { result: 'passed', milliseconds: 1 },
      { result: 'skipped', milliseconds: 9 },
      { result: 'failed', milliseconds: 3 },
      { result: 'knownIssue', milliseconds: 2 },
    ] as const;
    expect(slowest(all, 2).map(({ milliseconds }) => milliseconds)).to.deep.equal([3, 2]);
  });
});
