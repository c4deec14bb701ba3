import { expect } from 'chai';
import { exampleCluster, reportedRequirement, reportWith } from '../made-up-for-tests.ts';
import type { LocalVolumeConformanceReport, ReportedRequirement } from '../model/report.ts';
import { compareReports } from './compare.ts';
import { comparisonForTerminal } from './terminal.ts';

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

  const lent = (version: string, one: LocalVolumeConformanceReport) => {
    const other = on(version, one);
    return { ...other, environment: { ...other.environment, cluster: exampleCluster } };
  };
  const lacking = (id: string, skippedFor: 'need' | 'nodes' | 'feature') =>
    reportedRequirement(id, 'binding', { result: 'skipped', reason: `no ${skippedFor}`, skippedFor });

  it('does not compare what a cluster of others was not asked, and says why', () => {
    const own = on('v1.37.2', report({ A: 'passed', B: 'passed', C: 'passed', D: 'passed', E: 'passed' }));
    const passed = reportedRequirement('A', 'binding');
    const skips = [lacking('B', 'need'), lacking('C', 'nodes'), lacking('D', 'feature')];
    const interrupted = reportedRequirement('E', 'binding', { result: 'skipped', reason: 'SIGTERM before it began' });
    const changes = (...some: Parameters<typeof compareReports>[0]) =>
      Object.fromEntries(compareReports(some).changed.map(({ id, cells }) => [id, cells[1]?.change]));
    const stranger = lent('v1.37.2+k3s1', reportWith([passed, ...skips, interrupted]));
    expect(changes(own, stranger)).to.deep.equal({ B: 'notCompared', C: 'notCompared', D: 'notCompared', E: 'lost' });
    const held = reportedRequirement('E', 'binding');
    const fine = compareReports([own, lent('v1.37.2+k3s1', reportWith([passed, ...skips, held]))]);
    expect(fine.changed[0]?.cells[1]?.because).to.equal('no need');
    expect({ worse: fine.worse, apart: fine.apart }).to.deep.equal({ worse: false, apart: false });
    expect(comparisonForTerminal(fine, false)).to.match(
      /Not compared: 3[\s\S]*1: no need: B[\s\S]*no regression: .*; 3 not\s+compared$/m,
    );
  });

  it('takes what a cluster of ours lacks for lost', () => {
    const before = on('v1.37.2', report({ A: 'passed', B: 'passed' }));
    const after = { ...on('v1.37.3', reportWith([reportedRequirement('A', 'binding'), lacking('B', 'feature')])) };
    expect(compareReports([before, after]).changed[0]?.cells[1]?.change).to.equal('lost');
  });

  it('says nothing well of a cluster on which nothing was run that the baseline has', () => {
    const nothing = lent('v1.37.2+k3s1', reportWith([lacking('A', 'need')]));
    const comparison = compareReports([on('v1.37.2', report({ A: 'passed' })), nothing]);
    expect({ worse: comparison.worse, apart: comparison.apart }).to.deep.equal({ worse: false, apart: true });
  });

  it('lays kinds of clusters side by side, and says where their minors differ', () => {
    const { environment, notes } = compareReports([
      on('v1.36.3', report({ A: 'passed' })),
      lent('v1.37.2+k3s1', report({ A: 'passed' })),
    ]);
    const strange = (name: string) => environment.find((row) => row.name === name)?.values[1];
    expect(strange('distribution')).to.equal('k3s');
    expect(strange('kubelet')).to.equal('v1.37.2+k3s1 (3 nodes), v1.36.4+k3s1 (1 node)');
    expect(strange('nodes')).to.equal('2 of 4 used');
    expect(strange('kubelet root')).to.equal('not known: no agent was wanted');
    expect(strange('API server’s gates')).to.equal('1 alpha or deprecated on, 1 others off');
    expect(strange('node image')).to.equal(undefined);
    expect(notes.join()).to.match(/different minors of Kubernetes/);
  });

  it('names the feature gates in which clusters differ, and no others', () => {
    const withGates = (alphaOn: string[], betaOff: string[]) => {
      const other = report({ A: 'passed' });
      const featureGates = { ...exampleCluster.featureGates, apiServer: { alphaOn, betaOff, seenIn: 'x' } };
      return { ...other, environment: { ...other.environment, cluster: { ...exampleCluster, featureGates } } };
    };
    const rowOf = (...reports: LocalVolumeConformanceReport[]) =>
      compareReports(reports).environment.find(({ name }) => name === 'API server’s gates');
    expect(rowOf(withGates(['A', 'B'], ['C']), withGates(['A'], ['C', 'D']))?.values).to.deep.equal(['B on', 'D off']);
    expect(rowOf(withGates(['A'], ['C']), withGates(['A'], ['C']))?.differs).to.equal(false);
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
