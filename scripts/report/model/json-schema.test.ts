import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { allRequirements } from '../../../specs/catalogue/catalogue.ts';
import {
  ended,
  failed,
  interrupted,
  passed,
  reportOf,
  skipped,
  sourcesOf,
  specOf,
  started,
} from '../made-up-for-tests.ts';
import { buildReport } from './build-report.ts';
import { type LocalVolumeConformanceReport, reportJsonSchema, schemaFile } from './report.ts';

describe('the JSON Schema of reports', () => {
  // The schema's pattern says what a date is.
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } });
  const fits = ajv.compile(JSON.parse(readFileSync(schemaFile, 'utf8')));
  const good = reportOf(started, passed(specOf('SEED-1')), failed(specOf('SEED-2')), ended('doesNotConform', ''));

  it('is that of the model; `npm run fix:schema` renews it', () => {
    // As JSON has it: zod's own has also what JSON leaves out.
    expect(JSON.parse(readFileSync(schemaFile, 'utf8'))).to.deep.equal(JSON.parse(JSON.stringify(reportJsonSchema())));
  });

  it('takes the report of a run of the whole catalogue', () => {
    const catalogue = allRequirements();
    const specs = catalogue.map(({ id, chapter, sentence }) => specOf(id, sentence, chapter));
    const results = specs.map((spec, index) => [passed, failed, skipped][index % 3]?.(spec) ?? passed(spec));
    const sources = sourcesOf(started, ...results, ended('doesNotConform', ''));
    const report = buildReport({ ...sources, catalogue });
    expect(report.requirements).to.have.length(catalogue.length);
    expect(fits(report), ajv.errorsText(fits.errors)).to.equal(true);
  });

  for (const [title, report] of [
    ['with a failure', good],
    ['with skips', reportOf(started, passed(specOf('SEED-1')), skipped(specOf('SEED-2')), ended('conforms', ''))],
    ['of an interrupted run', reportOf(started, interrupted, ended('interrupted', ''))],
    ['of a run that goes on', reportOf(started)],
  ] as const) {
    it(`takes the report ${title}`, () => expect(fits(report), ajv.errorsText(fits.errors)).to.equal(true));
  }

  for (const [title, change] of [
    ['another version', { apiVersion: 'local-volume-conformance/v2' }],
    ['a result that is none', { result: 'passed' }],
    ['a date that is none', { date: 'yesterday' }],
    ['a negative count', { statistics: { passed: -1, failed: 0, skipped: 0 } }],
    ['a part of a requirement', { requirements: good.requirements.map(({ sentence: _, ...rest }) => rest) }],
    ['a key that is not known', { colour: 'red' }],
    ['no reproduction', { reproduce: undefined }],
  ] as const) {
    it(`refuses ${title}`, () => {
      const broken: unknown = JSON.parse(JSON.stringify({ ...good, ...change }));
      expect(fits(broken)).to.equal(false);
    });
  }

  it('lets an absent level of a chapter be absent', () => {
    const report: LocalVolumeConformanceReport = { ...good, profiles: [{ name: 'x', summary: '' }] };
    expect(fits(report)).to.equal(true);
  });
});
