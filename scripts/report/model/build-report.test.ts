import { expect } from 'chai';
import { redact } from '../../../clusters/text/redact.ts';
import { allRequirements } from '../../../specs/catalogue/catalogue.ts';
import {
  broken,
  chosenFrom,
  ended,
  exampleCluster,
  exampleIssue,
  failed,
  failedOutside,
  interrupted,
  knownIssue,
  lentReport,
  notApplicable,
  passed,
  performed,
  planned,
  reportAbout,
  reportOf,
  requirementOf,
  skipped,
  sourcesOf,
  specOf,
  started,
} from '../made-up-for-tests.ts';
import { buildReport } from './build-report.ts';
import { reportSchema } from './report.ts';
import { knownIssueLine } from './requirements.ts';

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
    const extended = { level: 'extended' } as const;
    const differing = { 'SEED-1': extended, 'SEED-2': extended };
    const report = reportAbout(differing, started, planned(3), failed(one), skipped(two, 'no xfs'), passed(three));
    expect(report.profiles).to.deep.equal([
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

  it('has a known issue apart, and says whether it shows', () => {
    const issue = { knownIssue: exampleIssue };
    const old = { knownIssue: { ...exampleIssue, minors: ['1.36'] } };
    const report = reportAbout(
      { 'SEED-2': issue, 'SEED-3': old, 'SEED-4': issue, 'SEED-5': issue },
      started,
      planned(5),
      knownIssue(one),
      passed(two),
      passed(specOf('SEED-3')),
      failed(specOf('SEED-4')),
      skipped(specOf('SEED-5')),
      ended('doesNotConform', ''),
    );
    expect(report.requirements.map(({ result, knownIssue: { shows } = {} }) => [result, shows])).to.deep.equal([
      ['knownIssue', true],
      ['passed', false],
      ['passed', undefined],
      ['failed', undefined],
      ['skipped', undefined],
    ]);
    expect(report.requirements[0]?.failure?.message).to.equal("expected 'Bound' to equal 'Pending'");
    expect(report.requirements.map(knownIssueLine)).to.deep.equal([
      `known issue of Kubernetes 1.36, 1.37: one of two claims is bound: ${exampleIssue.url}`,
      `this known issue no longer shows here: ${exampleIssue.url}`,
      undefined,
      `failed otherwise than the known issue of Kubernetes 1.36, 1.37: one of two claims is bound: ${exampleIssue.url}`,
      undefined,
    ]);
    expect(report.profiles[0]?.core).to.deep.include({ result: 'failure' });
  });

  it('is a success where known issues alone did not hold', () => {
    const report = reportOf(started, planned(2), knownIssue(one), passed(two), conforms);
    expect(report).to.include({ result: 'success', exitStatus: 'conforms' });
    expect(report.profiles[0]?.core?.result).to.equal('success');
  });

  it('has one spec list for the same promises', () => {
    const list = (...specs: (typeof one)[]) => reportOf(started, ...specs.map((spec) => passed(spec))).specList;
    expect(list(one, two))
      .to.equal(reportOf(started, failed(one), skipped(two)).specList)
      .and.match(/^sha256:/);
    expect(list(one, two)).not.to.equal(list(one, specOf('SEED-2', 'another sentence')));
    expect(list(one, two)).not.to.equal(list(one));
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
    const report = reportAbout(
      {
        'SEED-1': { features: ['block', 'disruptive'] },
        'SEED-2': { features: ['xfs', 'block'] },
        'SEED-3': { features: ['fsGroup'] },
        'SEED-4': { features: ['tmpfs', 'kubernetes<1.37'] },
        'SEED-5': { features: ['provisioner'], subject: 'provisioner' },
      },
      started,
      passed(one),
      skipped(two, 'no xfs'),
      failed(specOf('SEED-3')),
      notApplicable(specOf('SEED-4')),
      passed(specOf('SEED-5')),
    );
    expect(report.supportedFeatures).to.deep.equal([]);
    expect(report.unsupportedFeatures).to.deep.equal([
      { name: 'block', reason: 'not shown: SEED-2 (no xfs)' },
      { name: 'fsGroup', reason: 'does not hold: SEED-3' },
      { name: 'xfs', reason: 'not shown: SEED-2 (no xfs)' },
    ]);
    const passing = reportAbout({ 'SEED-1': { features: ['block', 'disruptive'] } }, started, passed(one));
    expect(passing.supportedFeatures).to.deep.equal(['block']);
  });

  it('has leaks that specs proved, and what could not be undone', () => {
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

  it('counts each requirement where the last of its needs is, and says what one was skipped for', () => {
    const report = reportAbout(
      { 'SEED-1': { needs: ['api'] }, 'SEED-2': { needs: ['agent', 'restart'] }, 'SEED-3': { needs: ['agent'] } },
      started,
      planned(3),
      passed(one),
      skipped(two, 'no agent was wanted', 'need'),
      skipped(specOf('SEED-3')),
    );
    expect(report.tiers?.map(({ name, statistics: { passed, skipped } }) => [name, passed, skipped])).to.deep.equal([
      ['api', 1, 0],
      ['agent', 0, 1],
      ['restart', 0, 1],
    ]);
    expect(report.requirements.map(({ needs, skippedFor }) => [needs, skippedFor])).to.deep.equal([
      [['api'], undefined],
      [['agent', 'restart'], 'need'],
      [['agent'], undefined],
    ]);
  });

  it('says where it was looked for left-overs, and what kind of cluster it was, once that is known', () => {
    const { leftOvers } = lentReport();
    const sources = sourcesOf(started, planned(1), passed(one), conforms);
    const environment = { ...sources.environment, cluster: exampleCluster };
    const report = buildReport({ ...sources, environment, leftOvers });
    expect(reportSchema.parse(report)).to.deep.include({ leftOvers });
    expect(report.environment.cluster).to.deep.equal(exampleCluster);
    expect(buildReport(sources)).to.not.have.property('leftOvers');
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

  it('takes the whole catalogue: no sentence of it looks like a secret', () => {
    const texts = allRequirements().flatMap(({ sentence, source, failsIf }) => [sentence, source, failsIf]);
    expect(texts.filter((text) => redact(text) !== text)).to.deep.equal([]);
  });
});
