import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ownProduct, type Product } from '../report/formats/conformance/product.ts';
import { exampleTrace, reportedRequirement, reportWith, writeEvidence } from '../report/made-up-for-tests.ts';
import { readReport } from '../report/model/report-file.ts';
import { writeReportFiles } from '../report/report-files.ts';
import { merge } from './merge.ts';
import { keepPrinted } from './printed-for-tests.ts';

describe('lpv merge', function () {
  this.timeout(30_000);
  let folder: string;
  const printed = keepPrinted();
  const product: Product = { ...ownProduct('v1.37.2'), vendor: 'Some Vendor', name: 'Some Kubernetes' };
  const selection = ['LV-1', 'LV-2', 'LV-3'];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-merge-'));
    const { trace } = await exampleTrace();
    for (const [index, ids] of [['LV-1', 'LV-3'], ['LV-2']].entries()) {
      const place = join(folder, `shard-${index + 1}`);
      const requirements = ids.map((id) => reportedRequirement(id, 'binding'));
      const report = reportWith(requirements, {
        run: `run00${index + 1}`,
        catalogue: 3,
        complete: false,
        shard: { index: index + 1, of: 2, selection, strict: true },
        implementation: { organization: 'Some Vendor', project: 'Some Kubernetes', url: '', version: '', contact: [] },
      });
      await mkdir(join(place, 'logs'), { recursive: true });
      await writeFile(join(place, 'logs', 'node1.log'), `of shard ${index + 1}`);
      await writeFile(join(place, 'e2e.log'), `log of shard ${index + 1}\n`);
      await writeEvidence(place, report);
      await symlink('/etc/hostname', join(place, 'evidence', 'LV-leads-away'));
      const traces = index === 1 ? [{ name: 'LV-2', trace }] : [];
      await writeReportFiles(place, { report, product, traces, kubernetes: 'v1.37.2' }, {});
    }
  });

  after(() => rm(folder, { recursive: true }));

  const run = (names: string[], report: string) =>
    merge.act(
      names.map((name) => join(folder, name)),
      { report: join(folder, report) },
    );

  it('writes every format of a run’s report, with evidence, traces and logs of all shards', async () => {
    expect(await run(['shard-2', 'shard-1/report.yaml'], 'merged')).to.equal('conforms');
    const [name] = await readdir(join(folder, 'merged'));
    const made = join(folder, 'merged', String(name));
    expect(printed()).to.include(`report: ${made}`).and.include('3 of 3 promises of Kubernetes');
    const files = await readdir(made, { recursive: true });
    expect(files).to.include.members([
      ...['report.yaml', 'report.html', 'junit_01.xml', 'ctrf.json', 'e2e.log'],
      ...['logs/shard-1/node1.log', 'logs/shard-2/node1.log', 'traces/LV-2.svg'],
      ...selection.map((id) => `evidence/${id}/02-events.txt`),
      'conformance/v1.37/some-kubernetes/PRODUCT.yaml',
    ]);
    expect(files).to.not.include('evidence/LV-leads-away');
    const report = await readReport(join(made, 'report.yaml'));
    expect(report.requirements.map(({ id }) => id)).to.deep.equal(selection);
    expect(report).to.include({ complete: true, run: name?.split('-').at(-1) });
    expect(await readFile(join(made, 'e2e.log'), 'utf8')).to.equal(
      '--- shard-1\nlog of shard 1\n--- shard-2\nlog of shard 2\n',
    );
    expect(await readFile(join(made, 'conformance/v1.37/some-kubernetes/PRODUCT.yaml'), 'utf8')).to.match(
      /^vendor: Some Vendor\n/,
    );
  });

  it('refuses what is not all of it, and writes nothing', async () => {
    const error = await run(['shard-1'], 'none').catch((thrown: unknown) => thrown);
    expect(error).to.include({ exit: 'badUsage' });
    expect((error as Error).message).to.include('shard 2 of 2 is missing');
    expect(await readdir(folder)).to.not.include('none');
  });

  it('refuses a trace that is none, by its file', async () => {
    const file = join(folder, 'shard-1', 'traces', 'LV-1.json');
    await mkdir(join(folder, 'shard-1', 'traces'), { recursive: true });
    await writeFile(file, '[]');
    const error = await run(['shard-1', 'shard-2'], 'none').catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.match(/LV-1\.json:1:1: it is no trace/);
    await rm(file);
  });
});
