import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { reportedRequirement, reportWith } from '../report/made-up-for-tests.ts';
import { madeUpCell, madeUpStorm } from '../storm/made-up-for-tests.ts';
import { writeStorm } from '../storm/report/storm-file.ts';
import { diff } from './diff.ts';
import { keepPrinted } from './printed-for-tests.ts';

describe('lpv diff', () => {
  let folder: string;
  const printed = keepPrinted();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-diff-'));
    await mkdir(join(folder, 'run'));
    await writeFile(join(folder, 'good.yaml'), stringify(reportWith([reportedRequirement('LV-1', 'binding')])));
    const failed = reportedRequirement('LV-1', 'binding', {
      result: 'failed',
      failure: { message: 'seen', frames: [] },
    });
    await writeFile(join(folder, 'run', 'report.yaml'), stringify(reportWith([failed], { run: 'after' })));
    const other = reportWith([reportedRequirement('LV-2', 'binding')], { run: 'other', complete: false });
    await writeFile(join(folder, 'other.yaml'), stringify({ ...other, catalogue: 2 }));
    await writeFile(join(folder, 'bad.yaml'), stringify({ ...reportWith([]), kind: 'Other', results: 1 }));
  });

  after(() => rm(folder, { recursive: true }));

  const run = (names: string[], more: { markdown?: string; html?: string } = {}) =>
    diff.act(
      names.map((name) => join(folder, name)),
      more,
    );

  it('takes files and folders, and ends with 1 on a regression', async () => {
    expect(await run(['good.yaml', 'run'])).to.equal('doesNotConform');
    expect(printed()).to.match(/Regressions: 1[\s\S]*LV-1 core[\s\S]*failed: seen/);
  });

  it('ends with 0 where nothing is worse', async () => {
    expect(await run(['run', 'good.yaml'])).to.equal('conforms');
    expect(printed()).to.match(/Fixed: 1/);
  });

  it('ends with 1 where the reports have nothing in common', async () => {
    expect(await run(['good.yaml', 'other.yaml'])).to.equal('doesNotConform');
    expect(printed()).to.match(/not comparable: a report has no requirement in\s+common/);
  });

  it('writes what it is asked for', async () => {
    const [markdown, html] = [join(folder, 'c.md'), join(folder, 'c.html')];
    await run(['good.yaml', 'run'], { markdown, html });
    expect(await readFile(markdown, 'utf8')).to.match(/^# Local volume conformance/);
    expect(await readFile(html, 'utf8')).to.match(/^<!doctype html>/);
  });

  it('refuses what is no report, by file, line and key', async () => {
    const error = await run(['good.yaml', 'bad.yaml']).catch((thrown: unknown) => thrown);
    expect(error).to.include({ name: 'BadConfiguration', exit: 'badUsage' });
    expect((error as Error).message)
      .to.match(/bad\.yaml:\d+:\d+: kind: /)
      .and.match(/results: /);
    expect(printed()).to.equal('');
    const missing = await run(['good.yaml', 'none']).catch((thrown: unknown) => thrown);
    expect((missing as Error).message).to.match(/none:1:1: there is no such file/);
  });

  it('compares storms with storms, and with nothing else', async () => {
    for (const name of ['before', 'after']) writeStorm(join(folder, name), madeUpStorm([madeUpCell()], {}, name));
    writeStorm(join(folder, 'worse'), madeUpStorm([madeUpCell({ outcome: 'unfinished' })], {}, 'worse'));
    const [markdown, html] = [join(folder, 's.md'), join(folder, 's.html')];
    expect(await run(['before', 'after/storm.yaml'], { markdown, html })).to.equal('conforms');
    expect(printed()).to.match(/100 claims, 100 nodes[\s\S]*bound p50/);
    expect(await readFile(markdown, 'utf8')).to.match(/^# Claim storms compared/);
    expect(await readFile(html, 'utf8')).to.match(/^<!doctype html>/);
    expect(await run(['before', 'worse'])).to.equal('doesNotConform');
    const error = await run(['before', 'good.yaml']).catch((thrown: unknown) => thrown);
    expect(error).to.include({ exit: 'badUsage' });
  });
});
