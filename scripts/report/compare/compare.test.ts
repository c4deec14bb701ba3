import { expect } from 'chai';
import { reportedRequirement, reportWith } from '../made-up-for-tests.ts';
import type { LocalVolumeConformanceReport, ReportedRequirement } from '../model/report.ts';
import { compareReports } from './compare.ts';

type Result = ReportedRequirement['result'];
const report = (results: Record<string, Result>, some: Partial<LocalVolumeConformanceReport> = {}) =>
  reportWith(
    Object.entries(results).map(([id, result]) =>
      reportedRequirement(id, 'binding', {
        result,
        ...(result === 'skipped' ? { reason: `no xfs for ${id}\nmore` } : {}),
      }),
    ),
    some,
  );
const on = (version: string, one: LocalVolumeConformanceReport) => ({
  ...one,
  run: version,
  environment: { ...one.environment, kubernetes: version },
});

describe('comparing reports', () => {
  it('shows what changed against the first report, worst first, with the reason', () => {
    const { changed, same, worse } = compareReports([
      report({ A: 'passed', B: 'skipped', C: 'passed', D: 'passed', 'E-10': 'failed', 'E-9': 'failed' }),
      report({ A: 'passed', B: 'passed', C: 'skipped', D: 'failed', 'E-10': 'passed', 'E-9': 'passed' }),
    ]);
    expect(changed.map(({ id, cells }) => [id, cells[1]?.change])).to.deep.equal([
      ['D', 'regression'],
      ['C', 'lost'],
      ['E-9', 'fixed'],
      ['E-10', 'fixed'],
      ['B', 'gained'],
    ]);
    expect(changed[1]?.cells[1]?.because).to.equal('no xfs for C');
    expect({ same, worse }).to.deep.equal({ same: 1, worse: true });
  });

  it('compares each with the first, not with its neighbour', () => {
    const { changed, columns, worse } = compareReports([
      report({ A: 'failed' }),
      report({ A: 'passed' }),
      report({ A: 'failed' }),
    ]);
    expect(changed[0]?.cells.map(({ change }) => change)).to.deep.equal(['same', 'fixed', 'same']);
    expect(columns.map(({ speed }) => speed?.common)).to.deep.equal([undefined, 0, 0]);
    expect(worse).to.equal(false);
  });

  it('finds nothing worse in a part of the catalogue that holds, and says what it did not compare', () => {
    const { changed, notes, worse } = compareReports([
      on('v1.36.3', report({ A: 'passed', B: 'passed' })),
      on('v1.37.2', report({ A: 'passed' }, { complete: false, catalogue: 2 })),
    ]);
    expect({ changed, worse }).to.deep.equal({ changed: [], worse: false });
    expect(notes).to.deep.equal([
      '1.37.2 is about a part of the catalogue; what was not chosen for it is not compared.',
    ]);
  });

  it('takes what an interrupted run did not get to for lost', () => {
    const { worse, notes } = compareReports([
      on('v1.36.3', report({ A: 'passed', B: 'passed' })),
      on('v1.37.2', report({ A: 'passed' }, { interruptedBy: 'SIGINT', catalogue: 2 })),
    ]);
    expect(worse).to.equal(true);
    expect(notes).to.deep.equal(['1.37.2 was interrupted by SIGINT; what it did not get to has no result.']);
  });

  it('says where catalogues differ, or nothing is in common', () => {
    const { notes } = compareReports([
      on('v1.36.3', report({ A: 'passed' })),
      on('v1.37.2', report({ B: 'passed', C: 'passed' })),
    ]);
    expect(notes.join('\n')).to.match(
      /catalogues differ: 1 requirement for 1\.36\.3, 2 for 1\.37\.2[\s\S]*no requirement in common/,
    );
  });

  it('gives the columns different names', () => {
    const labels = (...reports: LocalVolumeConformanceReport[]) =>
      compareReports(reports).columns.map(({ label }) => label);
    const one = report({});
    expect(labels(on('v1.36.3', one), on('v1.37.2', one))).to.deep.equal(['1.36.3', '1.37.2']);
    expect(labels(one, { ...one, run: 'abc' })).to.deep.equal(['1.37.2 k3x9qd', '1.37.2 abc']);
    expect(labels(one, one)).to.deep.equal(['1.37.2 k3x9qd (1)', '1.37.2 k3x9qd (2)']);
  });

  it('lays environments side by side, and marks what differs', () => {
    const { environment } = compareReports([on('v1.36.3', report({})), on('v1.37.2', report({}))]);
    expect(environment.filter(({ differs }) => differs)).to.deep.equal([
      { name: 'Kubernetes', values: ['v1.36.3', 'v1.37.2'], differs: true },
    ]);
  });
});
