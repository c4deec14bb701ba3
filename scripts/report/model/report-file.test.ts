import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { BadConfiguration } from '../../../clusters/yaml/bad-configuration.ts';
import { diagnosisOf, ended, failed, passed, reportOf, specOf, started } from '../made-up-for-tests.ts';
import type { LocalVolumeConformanceReport } from './report.ts';
import { parseReport, readReport, reportText, writeReport } from './report-file.ts';

describe('report.yaml', () => {
  const odd = 'a: b # c\n  "quoted" \'so\' - x\n\n\ttab 💾 é %YAML & *x | > {} [] ,\n';
  const report = reportOf(
    started,
    passed(specOf('SEED-1', 'yes')),
    failed(specOf('SEED-2', '0x1'), odd, { name: 'AssertionError', diagnosis: diagnosisOf(`  ${odd}`) }),
    ended('doesNotConform', 'x'),
  );
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lpv-report-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is read back as it was written, with odd characters in it', async () => {
    const path = join(folder, 'report.yaml');
    writeReport(path, report);
    expect(await readReport(path)).to.deep.equal(report);
    expect(readdirSync(folder)).to.deep.equal(['report.yaml']);
    expect(readFileSync(path, 'utf8')).to.match(/^apiVersion: local-volume-conformance\/v1alpha3\nkind: Local/);
  });

  it('is not written when it does not fit its schema; each key that does not is named', () => {
    const broken = { ...report, milliseconds: -1, jobs: 0 } as LocalVolumeConformanceReport;
    expect(() => writeReport(join(folder, 'report.yaml'), broken))
      .to.throw(/milliseconds: .*\n.*jobs: /)
      .with.property('message')
      .that.includes('fault of the harness');
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  const text = reportText(report);
  for (const [title, change, problem] of [
    [
      'a key that is written wrong',
      ['jobs: ', 'job: '],
      /^ {2}.*a\.yaml:\d+:1: job: job is not a key .* did you mean jobs/m,
    ],
    [
      'another version',
      ['v1alpha3', 'v9'],
      /a\.yaml:1:13: apiVersion: .*v9 cannot be read here; it must be .*v1alpha1 or .*v1alpha2 or .*v1alpha3/,
    ],
    [
      'a result that is none',
      ['result: failed', 'result: lost'],
      /a\.yaml:\d+:\d+: requirements\[1\]\.result: lost is not/,
    ],
    [
      'an id that occurs twice',
      ['- id: SEED-2', '- id: SEED-1'],
      /a\.yaml:\d+:\d+: requirements\[1\]\.id: .*SEED-1 occurs twice/,
    ],
    ['what is no YAML', ['kind: ', 'kind: ['], /not valid YAML/],
    ['a key that occurs twice', ['kind: ', 'kind: x\nkind: '], /the key kind is written twice/],
  ] as const) {
    it(`with ${title} is refused, with file, line and key`, () => {
      const [from, to] = change;
      expect(text).to.include(from);
      expect(() => parseReport({ file: 'a.yaml', text: text.replace(from, to) })).to.throw(BadConfiguration, problem);
    });
  }

  it('of this version is read without what is recorded only since', () => {
    const { tiers: _, environment, requirements, ...same } = report;
    const { cluster: _none, ...facts } = environment;
    const earlier = {
      ...same,
      environment: facts,
      requirements: requirements.map(({ needs: _needs, ...rest }) => rest),
    };
    expect(parseReport({ file: 'a.yaml', text: stringify(earlier) })).to.deep.equal(earlier);
  });

  it('of v1alpha1 is read as one of today', () => {
    const { cpuSteal = 0.25, statistics, subjects: _, exitStatus: _none, requirements, profiles, ...same } = report;
    const uncounted = ({ notApplicable: _n, knownIssue: _k, ...counts }: typeof statistics) => counts;
    const earlier = {
      ...same,
      apiVersion: 'local-volume-conformance/v1alpha1',
      processorsStolen: cpuSteal,
      statistics: uncounted(statistics),
      requirements: requirements.map(({ failsIf, slowBecause, subject: _s, ...rest }) => ({
        ...rest,
        refutedBy: failsIf,
        ...(slowBecause !== undefined && { waitsOut: slowBecause }),
      })),
      profiles: profiles.map(({ core, extended, ...rest }) => ({
        ...rest,
        ...(core && { core: { ...core, statistics: uncounted(core.statistics), notApplicable: undefined } }),
        ...(extended && {
          extended: { ...extended, statistics: uncounted(extended.statistics), notApplicable: undefined },
        }),
      })),
    };
    const read = parseReport({ file: 'a.yaml', text: stringify(earlier) });
    expect(read).to.deep.equal({ ...report, exitStatus: null, cpuSteal });
  });

  it('of v1alpha2 is read as one of today', () => {
    const { statistics, subjects: _, exitStatus: _none, requirements, profiles, ...same } = report;
    const uncounted = ({ knownIssue: _k, ...counts }: typeof statistics) => counts;
    const earlier = {
      ...same,
      apiVersion: 'local-volume-conformance/v1alpha2',
      statistics: uncounted(statistics),
      requirements: requirements.map(({ subject: _s, ...rest }) => rest),
      profiles: profiles.map(({ core, extended, ...rest }) => ({
        ...rest,
        ...(core && { core: { ...core, statistics: uncounted(core.statistics) } }),
        ...(extended && { extended: { ...extended, statistics: uncounted(extended.statistics) } }),
      })),
    };
    expect(parseReport({ file: 'a.yaml', text: stringify(earlier) })).to.deep.equal({ ...report, exitStatus: null });
  });

  it('of v1alpha1 that is no report is refused by the schema', () => {
    const broken = 'apiVersion: local-volume-conformance/v1alpha1\nrequirements: [null]\n';
    expect(() => parseReport({ file: 'a.yaml', text: broken })).to.throw(BadConfiguration, /profiles/);
  });

  it('that is not there is refused', async () => {
    const error = await readReport(join(folder, 'none.yaml')).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(BadConfiguration).with.property('message').that.includes('there is no such file');
  });
});
