import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { keepEvidence } from '../../specs/runner/evidence.ts';
import type { NamedTrace } from '../trace/write-trace.ts';
import { ownProduct, parseProduct } from './formats/conformance/product.ts';
import { openEventLog } from './formats/event-log.ts';
import {
  broken,
  diagnosisOf,
  ended,
  eventsOf,
  exampleTrace,
  failed,
  failedOutside,
  passed,
  reportOf,
  skipped,
  specOf,
  started,
} from './made-up-for-tests.ts';
import type { LocalVolumeConformanceReport } from './model/report.ts';
import { writeReportFiles } from './report-files.ts';

describe('the files of a report', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lpv-files-'));
    writeFileSync(join(folder, 'e2e.log'), 'it began\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (
    report: LocalVolumeConformanceReport,
    environment: NodeJS.ProcessEnv = {},
    traces: NamedTrace[] = [],
  ) => writeReportFiles(folder, { report, product: ownProduct('v1.37.2'), traces, kubernetes: 'v1.37.2' }, environment);
  const files = (): string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(folder, name)).isFile())
      .sort();
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');

  const good = reportOf(started, passed(specOf('SEED-1')), skipped(specOf('SEED-2')), ended('conforms', ''));
  const place = 'conformance/v1.37/local-pv-conformance-kind-cluster';

  it('are report.yaml, JUnit, CTRF, and the folder for a conformance report', async () => {
    expect(await write(good)).to.deep.equal([]);
    expect(files()).to.include.members([
      ...['README.md', 'PRODUCT.yaml', 'e2e.log', 'junit_01.xml'].map((name) => `${place}/${name}`),
      ...['report.yaml', 'ctrf.json', 'e2e.log', 'junit_01.xml'],
    ]);
    expect(files().filter((name) => name.endsWith('.new'))).to.deep.equal([]);
    expect(text(`${place}/README.md`))
      .to.include('npm run lpv -- run --seed 42')
      .and.include('all 2 requirements')
      .and.include('**partial**');
    expect(text(`${place}/PRODUCT.yaml`)).to.match(/^vendor: local-pv-conformance\n/);
    expect(text(`${place}/junit_01.xml`)).to.equal(text('junit_01.xml'));
    writeFileSync(join(folder, 'e2e.log'), 'and ended\n', { flag: 'a' });
    expect(text(`${place}/e2e.log`)).to.equal('it began\nand ended\n');
  });

  it('may be written again', async () => {
    await write(good);
    expect(await write(good)).to.deep.equal([]);
  });

  it('stay in the folder, also for a product with a path as its name', async () => {
    const source = 'vendor: v\nname: ../../Some ☸ Product\nversion: "1"\ndescription: d';
    const product = parseProduct({ file: 'p.yaml', text: source });
    await writeReportFiles(folder, { report: good, product, traces: [], kubernetes: '1.36' }, {});
    expect(readdirSync(join(folder, 'conformance', 'v1.36'))).to.deep.equal(['some-product']);
  });

  it('do not stop each other: what cannot be written is returned, with its part', async () => {
    mkdirSync(join(folder, 'ctrf.json'));
    const failures = await write({ ...good, milliseconds: -1 });
    expect(failures.map(({ part }) => part)).to.deep.equal(['report.yaml', 'ctrf.json']);
    expect(failures[0]?.error).to.have.property('message').that.includes('milliseconds');
    expect(files()).to.include('junit_01.xml').and.include(`${place}/README.md`).and.not.include('report.yaml');
  });

  it('are announced to GitHub only where GitHub runs it', async () => {
    const summary = join(folder, 'summary.md');
    await write(good, { GITHUB_STEP_SUMMARY: summary });
    expect(files()).to.not.include('summary.md');
    await write(good, { GITHUB_STEP_SUMMARY: summary, GITHUB_ACTIONS: 'true' });
    expect(text('summary.md')).to.include('### ✓');
  });

  describe('with secrets in what the cluster said', () => {
    const secrets = {
      'a bearer token': ['Authorization: Bearer planted1.bearer-token', 'planted1'],
      'a kubeconfig': ['users:\n- user:\n    client-key-data: cGxhbnRlZDI=\n    token: planted2', 'planted2'],
      'the key of a kubeconfig': ['client-key-data: cGxhbnRlZDI=', 'cGxhbnRlZDI='],
      'the data of a Secret': [
        'apiVersion: v1\nkind: Secret\ndata:\n  ca.crt: cGxhbnRlZDM=\nmetadata: {}',
        'cGxhbnRlZDM=',
      ],
      'a bootstrap token': ['joining with abcdef.01234planted4567 failed', '01234planted4567'],
      'a token behind terminal codes': ['Bearer \u001b[1mplanted5.bearer\u001b[0m', 'planted5'],
    } as const;
    const planted = Object.values(secrets).map(([said]) => said);
    const all = planted.join('\n');

    it('have none of them, in no format', async () => {
      const spec = specOf('SEED-1');
      const path = keepEvidence(folder, { id: spec.id, evidence: [] }, all, all);
      const events = [
        started,
        { kind: 'action-retried', action: 'a', step: 'pull', attempt: 2, reason: all },
        failed(spec, all, {
          name: 'AssertionError',
          details: { attempted: all, seen: all, conclusion: all },
          causes: [{ message: all }],
          afterwards: [{ message: all, details: { attempted: all } }],
          diagnosis: diagnosisOf(all),
          left: planted,
        }),
        skipped(specOf('SEED-2'), all),
        failedOutside('CLOSE', all),
        broken('Deleting', 'undo', new DomainError({ attempted: all, why: all })),
        ended('doesNotConform', all),
      ] as const;
      const report = reportOf(...events);
      for (const requirement of report.requirements) requirement.evidence.push(path);
      const log = openEventLog(join(folder, 'e2e.log'));
      for (const event of eventsOf(...events)) log.read(event);
      log[Symbol.dispose]();
      const environment = { GITHUB_STEP_SUMMARY: join(folder, 'summary.md'), GITHUB_ACTIONS: 'true' };
      const said: string[] = [];
      const { write: original } = process.stdout;
      process.stdout.write = ((chunk: string) => said.push(chunk) > 0) as typeof original;
      const { trace } = await exampleTrace();
      const traces = [{ name: all, trace: { ...trace, title: all, notes: [all] } }];
      const failures = await write(report, environment, traces).finally(() => {
        process.stdout.write = original;
      });
      expect(failures).to.deep.equal([]);
      expect(said.join('')).to.include('::error').and.include('[removed]');
      const written = files();
      expect(written.filter((name) => name.startsWith('traces/'))).to.have.length(3);
      expect(written).to.include('summary.md').and.include('ctrf.json').and.include('report.yaml');
      for (const name of written) {
        for (const [, secret] of Object.values(secrets)) {
          expect(name, 'a name of a file').to.not.include(secret);
          expect(text(name), name).to.not.include(secret);
        }
      }
      for (const [, secret] of Object.values(secrets)) expect(said.join('')).to.not.include(secret);
    });
  });
});
