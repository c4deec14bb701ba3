import { expect } from 'chai';
import { redactedText, withTexts } from '../../../clusters/text/redact.ts';
import { junitXml } from '../formats/junit.ts';
import { shapeProblems, parsed as xml } from '../formats/junit-shape.ts';
import {
  broken,
  emptyReport,
  exampleCluster,
  interruptedReport,
  lentReport,
  reportedRequirement,
  reportOf,
  reportWith,
  skipped,
  specOf,
  started,
  wholeReport,
} from '../made-up-for-tests.ts';
import type { KindOfCluster, LeftOvers } from '../model/kind-of-cluster.ts';
import { type LocalVolumeConformanceReport as Report, reportSchema } from '../model/report.ts';
import { specListOf } from '../model/requirements.ts';
import { mergeReports, type NamedReport, shardsAmong } from './merge-reports.ts';

/** Returns what one shard of a run reports that reports `whole` when it is not divided. */
function shardOf(whole: Report, index: number, of: number, some: Partial<Report> = {}): Report {
  const requirements = whole.requirements.filter((_, place) => place % of === index - 1);
  return {
    ...reportWith(requirements, {
      run: `run00${index}`,
      outside: index === 1 ? whole.outside : [],
      retries: [],
      leaks: [],
      complete: false,
      catalogue: whole.catalogue,
      podStarts: whole.podStarts.filter(({ requirement }) => requirements.some(({ id }) => id === requirement)),
      shard: { index, of, selection: whole.requirements.map(({ id }) => id), strict: false },
    }),
    ...some,
  };
}

const shardsOf = (whole: Report, of: number) =>
  Array.from({ length: of }, (_, index) => ({ name: `s${index + 1}`, report: shardOf(whole, index + 1, of) }));
const merged = (named: readonly NamedReport[]) => mergeReports(shardsAmong(named), 'merged');

/** What each run has of its own: ids, times, and what was done around the specs. */
function withoutOwn(report: Report): Partial<Report> {
  const { run, date, milliseconds, steps, retries, leaks, reproduce, podStarts, mergedFrom, ...same } = report;
  const { seed, jobs, cpuSteal, supportedFeatures, unsupportedFeatures, ...rest } = same;
  return rest;
}

describe('the merged report', () => {
  // As every report is written.
  const whole = withTexts(wholeReport(), redactedText);

  for (const of of [1, 2, 4]) {
    it(`of ${of} shards is that of one run, but for ids, times and steps`, () => {
      const report = merged(shardsOf(whole, of).toReversed());
      const verdict = reportSchema.parse(report).verdict;
      expect(withoutOwn({ ...report, specList: '' })).to.deep.equal(
        withoutOwn({ ...whole, verdict, exitStatus: 'doesNotConform', result: 'failure', specList: '' }),
      );
      expect(report.verdict).to.match(/^does not conform: .*; 1 failed outside of requirements$/);
      expect(report.specList).to.equal(specListOf(report.requirements));
      expect(new Set(report.podStarts)).to.have.property('size', whole.podStarts.length);
    });
  }

  it('says which shards it is of, and which shard did what', () => {
    const { mergedFrom, shard, steps, environment } = merged(shardsOf(whole, 2));
    expect(shard).to.equal(undefined);
    expect(mergedFrom?.map(({ run, seed }) => [run, seed])).to.deep.equal([
      ['run001', 42],
      ['run002', 42],
    ]);
    expect(mergedFrom?.flatMap(({ requirements }) => requirements)).to.have.members(
      whole.requirements.map(({ id }) => id),
    );
    expect(steps.map(({ title }) => title)).to.include('shard 2 of 2: Creating the cluster');
    expect(environment).to.deep.equal(whole.environment);
  });

  it('says what kinds of clusters the shards had, and where all of them looked for left-overs', () => {
    const [first, second] = shardsOf(lentReport(), 2);
    if (!first || !second) throw new Error('two shards');
    const set = (report: Report, some: Partial<KindOfCluster>, leftOvers: LeftOvers) => {
      report.environment = { ...report.environment, cluster: { ...exampleCluster, ...some } };
      report.leftOvers = leftOvers;
    };
    set(first.report, {}, { lookedAt: ['a'], atEnd: true, notLookedAt: [] });
    const other = { distribution: { is: 'EKS', seenIn: 'version v1.37.2-eks-1' }, provider: { notKnown: 'x' } };
    set(second.report, other, { lookedAt: ['a', 'b'], atEnd: false, notLookedAt: [{ nodes: ['c'], why: 'lost' }] });
    const { environment, leftOvers, tiers } = merged([first, second]);
    expect(environment.cluster).to.deep.equal({
      ...exampleCluster,
      distribution: { is: 'k3s, EKS', seenIn: 'version v1.37.2+k3s1, version v1.37.2-eks-1' },
    });
    expect(leftOvers).to.deep.equal({
      lookedAt: ['a', 'b'],
      atEnd: false,
      notLookedAt: [{ nodes: ['c'], why: 'lost' }],
    });
    expect(tiers).to.deep.equal(lentReport().tiers);
  });

  it('is about the whole catalogue only where the selection is', () => {
    const some = reportWith([reportedRequirement('LV-1', 'binding'), reportedRequirement('LV-2', 'binding')]);
    expect(merged(shardsOf(some, 2))).to.include({ complete: true, exitStatus: 'conforms', result: 'success' });
    const part = { ...some, catalogue: 3 };
    expect(merged(shardsOf(part, 2))).to.include({ complete: false, exitStatus: 'conforms' });
  });

  it('counts times from the first begin to the last end', () => {
    const some = reportWith([
      reportedRequirement('LV-1', 'binding', { began: 10 }),
      reportedRequirement('LV-2', 'binding', { began: 20 }),
    ]);
    const [first, second] = [
      shardOf(some, 1, 2, { date: '2026-11-23T10:00:05.000Z', milliseconds: 1_000 }),
      shardOf(some, 2, 2, { date: '2026-11-23T10:00:00.000Z', milliseconds: 2_000 }),
    ];
    const report = mergeReports(shardsAmong([first, second].map((each, at) => ({ name: `${at}`, report: each }))), 'm');
    expect(report).to.include({ date: '2026-11-23T10:00:00.000Z', milliseconds: 6_000 });
    expect(report.requirements.map(({ began }) => began)).to.deep.equal([5_010, 20]);
  });

  it('does not say how long the specs of one shard took', () => {
    const schedule = { milliseconds: 90_000, atLeast: 60_000, because: 'the work of the processors' };
    const shards = shardsOf(whole, 2).map(({ name, report }) => ({ name, report: { ...report, schedule } }));
    expect(merged(shards)).to.not.have.property('schedule');
  });

  it('names each value in which the machines differ, and no seed that not all have', () => {
    const [first, second] = shardsOf(whole, 2);
    if (!first || !second) throw new Error('two shards');
    second.report.environment = { ...second.report.environment, kernel: '6.9', node: 'v22.12.0' };
    second.report.seed = 7;
    const { environment, seed } = merged([first, second]);
    expect(environment).to.include({ kernel: '6.9', node: 'v20.20.2, v22.12.0' });
    expect(seed).to.equal(null);
  });

  describe('ends', () => {
    const one = reportedRequirement('LV-1', 'binding');
    const two = reportedRequirement('LV-2', 'binding');
    const shown = reportWith([one, two]);
    const withSecond = (some: Partial<Report>, strict = false) => {
      const both = shardsOf(shown, 2).map(({ name, report }, index) => ({
        name,
        report: { ...report, ...(index === 1 && some), shard: { ...report.shard, strict } },
      }));
      return merged(both as NamedReport[]);
    };

    it('well where one shard has shown nothing, as long as another has', () => {
      const none: Partial<Report> = {
        requirements: [{ ...two, result: 'skipped', reason: 'no xfs' }],
        exitStatus: 'doesNotConform',
        verdict: 'proves nothing: no spec passed',
      };
      expect(withSecond(none)).to.include({ exitStatus: 'conforms', result: 'partial' });
      expect(withSecond(none, true)).to.include({ exitStatus: 'environment' });
    });

    it('with 1 where one requirement of one shard fails', () => {
      const failed: Partial<Report> = {
        requirements: [{ ...two, result: 'failed', failure: { message: 'seen', frames: [] } }],
      };
      expect(withSecond(failed)).to.include({ exitStatus: 'doesNotConform', result: 'failure' });
    });

    it('with 1 where a spec gave no result', () => {
      const report = reportOf(started, skipped(specOf('LV-2')));
      const lost = report.requirements.map((each) => ({ ...each, reason: 'not run: no result' }));
      expect(withSecond({ requirements: lost })).to.include({
        exitStatus: 'doesNotConform',
        verdict: 'proves nothing: 1 specs gave no result',
      });
    });

    it('with 3 where a step of one shard failed, which it names', () => {
      const { steps } = reportOf(started, broken('Creating the cluster'));
      const report = withSecond({ steps, exitStatus: 'environment' });
      expect(report).to.include({
        exitStatus: 'environment',
        result: 'failure',
        verdict: 'not finished: shard 2 of 2: Creating the cluster failed',
      });
      expect(shapeProblems(xml(junitXml(report)))).to.deep.equal([]);
    });

    it('with 2 where bad usage of one shard was found late', () => {
      const { steps } = reportOf(started, broken('Checking'));
      expect(withSecond({ steps, exitStatus: 'badUsage' })).to.include({ exitStatus: 'badUsage' });
    });

    it('with 130 where one shard was interrupted', () => {
      const { interruptedBy } = interruptedReport();
      expect(withSecond({ ...(interruptedBy && { interruptedBy }), exitStatus: 'interrupted' })).to.include({
        exitStatus: 'interrupted',
        interruptedBy: 'SIGINT',
        verdict: 'interrupted by SIGINT',
      });
    });
  });

  describe('is refused, with names,', () => {
    const three = reportWith(['LV-1', 'LV-2', 'LV-3'].map((id) => reportedRequirement(id, 'binding')));
    const named = (change: (reports: Report[]) => Report[]) =>
      change(shardsOf(three, 3).map(({ report }) => report)).map((report, index) => ({
        name: `r${index + 1}`,
        report,
      }));
    const cases: [string, (reports: Report[]) => (Report | undefined)[], RegExp][] = [
      ['of a whole run', ([one, two]) => [one, two, emptyReport()], /r3: is no report of a shard/],
      ['without a shard', ([one, , three]) => [one, three], /shard 2 of 3 is missing/],
      ['of a shard twice', ([one, two, three]) => [one, two, two, three], /shard 2 of 3 is there twice: r2, r3/],
      [
        'of another number of shards',
        ([one, two, three]) => [one, two, three?.shard && { ...three, shard: { ...three.shard, of: 4 } }],
        /number of shards: 3 in r1, r2\n.*number of shards: 4 in r3/,
      ],
      [
        'of another selection',
        ([one, two, three]) => [one, two, three?.shard && { ...three, shard: { ...three.shard, selection: ['LV-3'] } }],
        /selection: 3 requirements, .* in r1, r2\n.*selection: 1 requirements/,
      ],
      [
        'of another Kubernetes',
        ([one, two, three]) => [
          one,
          two,
          three && { ...three, environment: { ...three.environment, kubernetes: 'v1.36.3' } },
        ],
        /Kubernetes: v1\.37\.2 in r1, r2\n.*Kubernetes: v1\.36\.3 in r3/,
      ],
      [
        'of another harness',
        ([one, two, three]) => [one, two, three && { ...three, harness: { ...three.harness, commit: 'def' } }],
        /harness: 0\.1\.0, commit abc in r1, r2\n.*harness: 0\.1\.0, commit def in r3/,
      ],
      [
        'while a run goes on',
        ([one, two, three]) => [one, two, three && { ...three, exitStatus: null }],
        /r3: its run had not ended/,
      ],
      [
        'where a shard lacks a requirement',
        ([one, two, three]) => [one, two, three && { ...three, requirements: [] }],
        /in no shard: LV-3/,
      ],
      [
        'where two shards have a requirement, and one has another',
        ([one, two, three]) => [
          one,
          two,
          three && { ...three, requirements: [...(two?.requirements ?? []), reportedRequirement('LV-9', 'binding')] },
        ],
        /in no shard: LV-3\n.*in several shards: LV-2\n.*not in the selection: LV-9/,
      ],
    ];
    for (const [title, change, problem] of cases) {
      it(title, () => {
        const reports = named((all) => change(all).flatMap((report) => report ?? []));
        expect(() => shardsAmong(reports))
          .to.throw(problem)
          .with.property('exit', 'badUsage');
      });
    }

    it('but not where the cluster of a shard could not be made', () => {
      const reports = named(([one, two, three]) => [
        ...[one, two].flatMap((report) => report ?? []),
        ...(three ? [{ ...three, environment: { ...three.environment, kubernetes: null, nodeImage: null } }] : []),
      ]);
      expect(shardsAmong(reports)).to.have.length(3);
    });
  });
});
