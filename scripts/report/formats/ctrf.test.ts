import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import {
  broken,
  diagnosisOf,
  ended,
  failed,
  failedOutside,
  interrupted,
  knownIssue,
  notApplicable,
  passed,
  reportAbout,
  reportOf,
  skipped,
  specOf,
  started,
} from '../made-up-for-tests.ts';
import type { LocalVolumeConformanceReport } from '../model/report.ts';
import { ctrfReport } from './ctrf.ts';

describe('ctrf.json', () => {
  const schemaFile = createRequire(import.meta.url)
    .resolve('ctrf')
    .replace(/index\.[a-z]+$/, 'ctrf-schema-0.0.json');
  const ajv = new Ajv({ strict: true, formats: { 'date-time': true, uuid: true, uri: true } });
  const fits = ajv.compile(JSON.parse(readFileSync(schemaFile, 'utf8')));

  /** As readers get it; every file of these tests fits the schema of the `ctrf` package. */
  function written(report: LocalVolumeConformanceReport): ReturnType<typeof ctrfReport> {
    const file = JSON.parse(JSON.stringify(ctrfReport(report))) as ReturnType<typeof ctrfReport>;
    expect(fits(file), ajv.errorsText(fits.errors)).to.equal(true);
    return file;
  }

  it('says of each requirement what it promises, how it ended, why, and the evidence', () => {
    const [one, two, three] = [specOf('SEED-1'), specOf('SEED-2'), specOf('SEED-3')];
    const differing = { level: 'extended' as const, features: ['block'] };
    const report = reportAbout(
      { 'SEED-1': differing, 'SEED-2': differing, 'SEED-3': differing },
      started,
      passed(one),
      skipped(two),
      failed(three, 'no', { name: 'AssertionError', diagnosis: diagnosisOf('Pod p: Pending') }),
      ended('doesNotConform', ''),
    );
    const { results } = written(report);
    expect(results.summary).to.include({ tests: 3, passed: 1, failed: 1, skipped: 1, duration: 83_000, suites: 1 });
    expect(results.summary.stop - results.summary.start).to.equal(83_000);
    const [first, second, third] = results.tests;
    expect(first).to.deep.include({
      name: 'SEED-1 a claim is bound',
      testId: 'SEED-1',
      status: 'passed',
      duration: 900,
      suite: ['binding'],
      filePath: 'specs/binding/binding.spec.ts',
      line: 12,
      tags: ['extended', 'kubernetes', 'block'],
    });
    const path = 'evidence/SEED-1/01-claim.yaml';
    expect(first?.attachments).to.deep.equal([{ name: path, contentType: 'application/yaml', path }]);
    expect(first?.extra).to.include({ source: 'KEP-121', failsIf: 'it is not', sentence: 'a claim is bound' });
    expect(second).to.include({ status: 'skipped', message: 'no mkfs.xfs on the nodes' });
    expect(third).to.include({ status: 'failed', message: 'no' });
    expect(third?.trace).to.match(/^at Context.*binding\.spec\.ts:41:7\)\n.*\n\nPod p: Pending$/);
    expect(results.environment?.extra).to.include({ Kubernetes: 'v1.37.2' });
  });

  for (const [title, report, healthy] of [
    [
      'of an interrupted run',
      reportOf(started, passed(specOf('SEED-1')), interrupted, ended('interrupted', '')),
      false,
    ],
    ['of a run without a cluster', reportOf(started, broken('Creating'), ended('environment', '')), false],
    ['with a failure outside of specs', reportOf(started, failedOutside('CLOSE', 'x')), true],
    ['with odd characters', reportOf(started, failed(specOf('SEED-1', '\ud800\u0000]]>'), '\u001b[31m💾\udfff')), true],
    ['without results', reportOf(started), true],
  ] as const) {
    it(`fits the schema ${title}`, () => expect(written(report).results.environment?.healthy).to.equal(healthy));
  }

  it('has what does not apply as skipped, by the word that it has here', () => {
    const { summary, tests } = written(
      reportOf(started, passed(specOf('SEED-1')), notApplicable(specOf('SEED-2'))),
    ).results;
    expect(summary).to.include({ tests: 2, passed: 1, skipped: 1 });
    expect(tests[1]).to.include({
      status: 'skipped',
      rawStatus: 'not applicable',
      message: 'Kubernetes before 1.37 only',
    });
  });

  it('has a known issue as other, with its link, and the subjects apart', () => {
    const { summary, tests } = written(
      reportOf(started, passed(specOf('SEED-1')), knownIssue(specOf('SEED-2'))),
    ).results;
    expect(summary).to.include({ tests: 2, passed: 1, failed: 0, skipped: 0, other: 1 });
    expect(summary.extra).to.have.deep.property('subjects', ['1 of 2 promises of Kubernetes about local volumes']);
    expect(tests[1]).to.include({ status: 'other', rawStatus: 'known issue' });
    expect(tests[1]?.message).to.match(/^known issue of Kubernetes 1\.36, 1\.37: .*issues\/73263\nexpected 'Bound'/);
  });

  it('counts what failed outside of specs', () => {
    const { summary } = written(reportOf(started, passed(specOf('SEED-1')), failedOutside('CLOSE', 'x'))).results;
    expect(summary).to.include({ tests: 2, passed: 1, failed: 1 });
  });
});
