import { expect } from 'chai';
import { redact } from '../../../clusters/text/redact.ts';
import { allRequirements } from '../../../specs/catalogue/catalogue.ts';
import {
  broken,
  chosenFrom,
  ended,
  failed,
  failedOutside,
  interrupted,
  notApplicable,
  passed,
  performed,
  planned,
  reportOf,
  requirementOf,
  skipped,
  sourcesOf,
  specOf,
  started,
} from '../made-up-for-tests.ts';
import { buildReport } from './build-report.ts';
import { reportSchema } from './report.ts';

const one = specOf('SEED-1');
const two = specOf('SEED-2');
const conforms = ended('conforms', 'conforms');

describe('the report of a run', () => {
  for (const [title, report, result, verdict] of [
    ['is a success when all passed', reportOf(started, planned(1), passed(one), conforms), 'success', /^conforms/],
    [
      'is partial when some were skipped',
      reportOf(started, planned(2), passed(one), skipped(two), conforms),
      'partial',
      /hold, 1 skipped$/,
    ],
    [
      'is a failure with one failure',
      reportOf(started, planned(2), passed(one), failed(two), ended('doesNotConform', '')),
      'failure',
      /1 of 2/,
    ],
    [
      'is a success when all that apply passed',
      reportOf(started, planned(2), passed(one), notApplicable(two), conforms),
      'success',
      /hold, 1 not applicable$/,
    ],
    ['is a failure without results', reportOf(started, ended('doesNotConform', '')), 'failure', /proves nothing/],
    [
      'is a failure when all was skipped',
      reportOf(started, planned(1), skipped(one), ended('doesNotConform', '')),
      'failure',
      /no spec passed/,
    ],
    [
      'is a failure for what failed outside of specs',
      reportOf(started, planned(1), passed(one), failedOutside('CLOSE', 'x'), ended('doesNotConform', '')),
      'failure',
      /does not conform/,
    ],
    [
      'is a failure when something is left behind',
      reportOf(started, planned(1), passed(one), broken('Deleting', 'undo'), ended('environment', '')),
      'failure',
      /left behind/,
    ],
    [
      'is partial when it was interrupted with something shown',
      reportOf(started, planned(2), passed(one), skipped(two), interrupted, ended('interrupted', '')),
      'partial',
      /interrupted by SIGTERM/,
    ],
    [
      'is a failure when it was interrupted before anything was shown',
      reportOf(started, interrupted, ended('interrupted', '')),
      'failure',
      /interrupted/,
    ],
    ['is a failure as long as the run goes on', reportOf(started, planned(1), passed(one)), 'failure', /^not finished/],
  ] as const) {
    it(title, () => {
      expect(report.result).to.equal(result);
      expect(report.verdict).to.match(verdict);
      expect(reportSchema.safeParse(report).error?.issues).to.equal(undefined);
    });
  }

  it('has core and extended of each chapter apart, with what failed and why others were skipped', () => {
    const three = specOf('SEED-3', 'x', 'mounting');
    const sources = sourcesOf(started, planned(3), passed(three), failed(one), skipped(two, 'no xfs'));
    const level = { 'SEED-1': 'extended', 'SEED-2': 'extended', 'SEED-3': 'core' } as const;
    const catalogue = [one, two, three].map((spec) =>
      requirementOf(spec, { level: level[spec.id as keyof typeof level] }),
    );
    expect(buildReport({ ...sources, catalogue, chosen: chosenFrom(catalogue) }).profiles).to.deep.equal([
      {
        name: 'binding',
        summary: 'extended: 1 failed, 1 skipped',
        extended: {
          result: 'failure',
          statistics: { passed: 0, failed: 1, knownIssue: 0, skipped: 1, notApplicable: 0 },
          failed: ['SEED-1'],
          skipped: [{ id: 'SEED-2', reason: 'no xfs' }],
          notApplicable: [],
        },
      },
      {
        name: 'mounting',
        summary: 'core: 1 passed',
        core: {
          result: 'success',
          statistics: { passed: 1, failed: 0, knownIssue: 0, skipped: 0, notApplicable: 0 },
          failed: [],
          skipped: [],
          notApplicable: [],
        },
      },
    ]);
  });

  it('has what was chosen and never ran as skipped, with the reason', () => {
    const sources = sourcesOf(started, passed(one), performed('Finding'), broken('Creating'), ended('environment', ''));
    const report = buildReport({ ...sources, summary: { ...sources.summary, specs: [] } });
    expect(report.requirements[0]).to.include({ result: 'skipped', reason: 'not run: Creating failed' });
    expect(report.result).to.equal('failure');
    expect(report.steps).to.deep.equal([
      { title: 'Finding', direction: 'perform', outcome: 'done', milliseconds: 24_100 },
      {
        title: 'Creating',
        direction: 'perform',
        outcome: 'failed',
        milliseconds: 60_000,
        name: 'DomainError',
        message: 'creating the cluster lpv-k3x9qd\n  seen: node2 is not Ready',
        details: { attempted: 'creating the cluster lpv-k3x9qd', seen: 'node2 is not Ready' },
      },
    ]);
  });

  it('has what is promised for other versions of Kubernetes apart, also where it was not run', () => {
    const run = sourcesOf(started, planned(2), passed(one), notApplicable(two), conforms);
    const { statistics, profiles, requirements } = buildReport(run);
    expect(statistics).to.deep.equal({ passed: 1, failed: 0, knownIssue: 0, skipped: 0, notApplicable: 1 });
    expect(profiles[0]).to.deep.include({ summary: 'core: 1 passed, 1 not applicable' });
    expect(profiles[0]?.core?.notApplicable).to.deep.equal([{ id: 'SEED-2', reason: 'Kubernetes before 1.37 only' }]);
    expect(requirements[1]).to.include({ result: 'notApplicable', reason: 'Kubernetes before 1.37 only' });
    const catalogue = run.catalogue.map((entry) => ({ ...entry, features: ['kubernetes<1.37'] }));
    const unrun = buildReport({
      ...run,
      catalogue,
      chosen: chosenFrom(catalogue),
      summary: { ...run.summary, specs: [] },
    });
    expect(unrun.requirements.map(({ result }) => result)).to.deep.equal(['notApplicable', 'notApplicable']);
  });

  it('says whether it is about the whole catalogue', () => {
    const sources = sourcesOf(started, passed(one), conforms);
    expect(buildReport(sources)).to.include({ complete: true, catalogue: 1 });
    const catalogue = [...sources.catalogue, requirementOf(two)];
    expect(buildReport({ ...sources, catalogue })).to.include({ complete: false, catalogue: 2 });
    expect(buildReport({ ...sources, catalogue }).requirements.map(({ id }) => id)).to.deep.equal(['SEED-1']);
  });

  it('counts a repeated spec once: it holds only if it never failed', () => {
    const report = reportOf(started, planned(4), passed(one, 300), passed(two), failed(one), passed(two, 100));
    expect(report.statistics).to.deep.equal({ passed: 1, failed: 1, knownIssue: 0, skipped: 0, notApplicable: 0 });
    const [first, second] = report.requirements;
    expect(first).to.deep.include({
      result: 'failed',
      repetitions: { passed: 1, failed: 1, knownIssue: 0, skipped: 0, notApplicable: 0 },
    });
    expect(first?.milliseconds).to.equal(7_200);
    expect(first?.failure?.message).to.include("'Pending'");
    expect(second).to.deep.include({
      result: 'passed',
      repetitions: { passed: 2, failed: 0, knownIssue: 0, skipped: 0, notApplicable: 0 },
    });
  });

  it('calls a feature supported where all that need it passed; other minors say nothing about it', () => {
    const sources = sourcesOf(
      started,
      passed(one),
      skipped(two, 'no xfs'),
      failed(specOf('SEED-3')),
      notApplicable(specOf('SEED-4')),
    );
    const needs = [['block', 'disruptive'], ['xfs', 'block'], ['fsGroup'], ['tmpfs', 'kubernetes<1.37']];
    const catalogue = sources.catalogue.map((entry, index) => ({ ...entry, features: needs[index] ?? [] }));
    const report = buildReport({ ...sources, catalogue, chosen: chosenFrom(catalogue) });
    expect(report.supportedFeatures).to.deep.equal([]);
    expect(report.unsupportedFeatures).to.deep.equal([
      { name: 'block', reason: 'not shown: SEED-2 (no xfs)' },
      { name: 'fsGroup', reason: 'does not hold: SEED-3' },
      { name: 'xfs', reason: 'not shown: SEED-2 (no xfs)' },
    ]);
    const passing = sourcesOf(started, passed(one));
    const both = passing.catalogue.map((entry) => ({ ...entry, features: ['block', 'disruptive'] }));
    expect(buildReport({ ...passing, catalogue: both, chosen: chosenFrom(both) }).supportedFeatures).to.deep.equal([
      'block',
    ]);
  });

  it('tells leaks that specs proved, and what could not be undone', () => {
    const report = reportOf(
      started,
      failed(one, 'something is left', { name: 'LeftBehind', left: ['mount /x', 'loop device /dev/loop3'] }),
      failedOutside('CLOSE', 'something is left', { left: ['node2: left: /y'] }),
      broken('Deleting the cluster', 'undo', new Error('it is stuck')),
    );
    expect(report.leaks).to.deep.equal([
      'SEED-1: mount /x',
      'SEED-1: loop device /dev/loop3',
      'CLOSE: node2: left: /y',
      'Deleting the cluster: it is stuck',
    ]);
    expect(report.outside).to.deep.equal([
      { id: 'CLOSE', title: 'nothing is left of the specs', message: 'something is left' },
    ]);
  });

  it('has retries, seed, jobs, pod starts, and what others had of the processors', () => {
    const report = reportOf(
      started,
      { kind: 'action-retried', action: 'a', step: 'pull', attempt: 2, reason: 'EOF' },
      planned(1),
      passed(one),
      { kind: 'pods-started', starts: [{ requirement: 'SEED-1', milliseconds: 1_700.4, lowerLimit: 1_650 }] },
      { kind: 'cpu-steal-measured', cpuSteal: 0.14159 },
    );
    expect(report).to.deep.include({
      retries: [{ step: 'pull', attempt: 2, reason: 'EOF' }],
      seed: 42,
      jobs: 6,
      podStarts: [{ requirement: 'SEED-1', milliseconds: 1_700, lowerLimit: 1_650 }],
      cpuSteal: 0.142,
    });
  });

  it('names places in specs without the folder that the harness lies in', () => {
    expect(reportOf(started, failed(one)).requirements[0]?.failure?.frames).to.deep.equal([
      'at Context.<anonymous> (specs/binding/binding.spec.ts:41:7)',
      'at run (other.ts:1:1)',
    ]);
  });

  it('takes the catalogue as it stands: no sentence of it looks like a secret', () => {
    const texts = allRequirements().flatMap(({ sentence, source, failsIf }) => [sentence, source, failsIf]);
    expect(texts.filter((text) => redact(text) !== text)).to.deep.equal([]);
  });
});
