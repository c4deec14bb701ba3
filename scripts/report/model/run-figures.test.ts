import { expect } from 'chai';
import { cpuStealLine } from './cpu-steal.ts';
import { failed, passed, planned, skipped, specOf, started, summaryOf } from './example-run.ts';
import { podStartLine, runFigures } from './run-figures.ts';

describe('the figures of a run', () => {
  const spec = (id: string, chapter: string) => specOf(id, `sentence of ${id}`, chapter);

  it('are chapters by outcome and the slowest specs, slowest first, without those that were skipped', () => {
    const lines = runFigures(
      summaryOf(
        started,
        planned(5),
        passed(spec('LV-B-1', 'binding'), 900),
        passed(spec('LV-B-2', 'binding'), 12_300),
        failed(spec('LV-F-1', 'fault')),
        skipped(spec('LV-A-1', 'access')),
      ),
    );
    expect(lines.join('\n')).to.equal(`\
chapter            passed   failed  skipped
access                  0        0        1
binding                 2        0        0
fault                   0        1        0
all                     2        1        1

slowest
   12.3 s  LV-B-2 sentence of LV-B-2
    7.2 s  LV-F-1 sentence of LV-F-1
    0.9 s  LV-B-1 sentence of LV-B-1`);
  });

  it('are none for a handful of specs of one chapter', () => {
    expect(runFigures(summaryOf(started, planned(1), passed(spec('LV-B-1', 'binding'))))).to.deep.equal([]);
  });

  it('compare each pod with its own lower limit', () => {
    const starts = [
      { requirement: 'SEED-1', milliseconds: 1_300, lowerLimit: 650 },
      { requirement: 'SEED-1', milliseconds: 1_950, lowerLimit: 650 },
      { requirement: 'SEED-1', milliseconds: 3_300, lowerLimit: 1_650 },
    ];
    expect(podStartLine(starts)).to.equal('pods created to Ready: 3, median 2 s, 2.0 × what Kubernetes allows at best');
  });

  it('have the CPU steal where it was much', () => {
    const shared = (cpuSteal: number) =>
      runFigures(summaryOf(started, planned(1), { kind: 'cpu-steal-measured', cpuSteal }));
    expect(shared(0.04)).to.deep.equal([]);
    expect(shared(0.14)).to.deep.equal([
      'CPU steal: 14 % (the host gave this time to other machines), so everything took longer',
    ]);
    expect(cpuStealLine(0)).to.equal('CPU steal: 0 % (the host gave this time to other machines)');
  });
});
