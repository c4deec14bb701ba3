import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { broken, diagnosisOf, ended, failed, failedOutside, reportOf, specOf, started } from '../made-up-for-tests.ts';
import { addToSummary, annotations, stepOutputs, stopCommands, writeForGithub } from './github.ts';

const end = ended('doesNotConform', 'does not conform: 1 of 3 specs failed');

describe('annotations for GitHub', () => {
  it('point at the line of the failure and are escaped', () => {
    const [line] = annotations(reportOf(failed(specOf('SEED-1', 'a, b: c'), '100% lost\nsecond::line')));
    expect(line).to.equal(
      '::error file=specs/binding/binding.spec.ts,line=41,title=SEED-1 a%2C b%3A c::100%25 lost%0Asecond::line',
    );
  });

  it('point at the spec where the failure has no place in its file', () => {
    const report = reportOf(failed(specOf('SEED-1')));
    const requirements = report.requirements.map((one) => ({ ...one, file: 'specs/other.spec.ts' }));
    expect(annotations({ ...report, requirements })[0]).to.match(/^::error file=specs\/other\.spec\.ts,line=12,/);
  });

  it('name failed steps, too', () => {
    expect(annotations(reportOf(broken('Creating the cluster')))[0]).to.match(
      /^::error title=Creating the cluster::creating/,
    );
    expect(annotations(reportOf(failedOutside('CLOSE', 'left: /x')))[0]).to.match(/^::error title=CLOSE .*::left: \/x/);
  });

  it('are at most ten; the last counts the rest', () => {
    const many = Array.from({ length: 25 }, (_, index) => failed(specOf(`SEED-${index}`)));
    const lines = annotations(reportOf(...many));
    expect(lines).to.have.length(10);
    expect(lines[9]).to.include('16 more failures');
    expect(annotations(reportOf(...many.slice(0, 10))).at(-1)).to.include('SEED-9');
  });
});

describe('workflow commands of the output', () => {
  it('are stopped until they are resumed once, with a token of its own', () => {
    const said: string[] = [];
    const stopped = stopCommands({ GITHUB_ACTIONS: 'true' }, (line) => said.push(line));
    stopped.resume();
    stopped.resume();
    const [stop = '', start] = said;
    expect(stop).to.match(/^::stop-commands::[0-9a-f-]{36}$/);
    expect(said).to.deep.equal([stop, start]);
    expect(start).to.equal(`::${stop.slice('::stop-commands::'.length)}::`);
  });

  it('are left alone elsewhere', () => {
    stopCommands({}, () => expect.fail('nothing is said')).resume();
  });
});

it('the summaries of several runs, and what is added to them, stay below the size that GitHub takes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lpv-github-'));
  try {
    const summaryFile = join(folder, 'summary.md');
    const many = Array.from({ length: 300 }, (_, index) =>
      failed(specOf(`SEED-${index}`), 'expected <a> to be bound', { diagnosis: diagnosisOf('ö<'.repeat(5_000)) }),
    );
    const report = reportOf(started, ...many, end);
    for (const _minor of [1, 2]) writeForGithub(report, { summaryFile, outputFile: undefined, folder, say: () => {} });
    addToSummary(summaryFile, 'x'.repeat(500 * 1024));
    const text = readFileSync(summaryFile, 'utf8');
    expect(Buffer.byteLength(text)).to.be.below(1024 * 1024);
    expect(text.match(/### ✗ does not conform/g)).to.have.length(2);
    expect(text).to.match(/There is no room left for more here/);
    writeFileSync(summaryFile, '');
    addToSummary(summaryFile, 'the comparison');
    expect(readFileSync(summaryFile, 'utf8')).to.equal('the comparison');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('what GitHub reads comes after what other steps wrote', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lpv-github-'));
  try {
    const summaryFile = join(folder, 'summary.md');
    writeFileSync(summaryFile, 'before\n');
    const said: string[] = [];
    writeForGithub(reportOf(started, failed(specOf('SEED-1')), end), {
      summaryFile,
      outputFile: join(folder, 'output'),
      folder: '/reports/x',
      say: (line) => said.push(line),
    });
    expect(said).to.have.length(1);
    expect(readFileSync(summaryFile, 'utf8')).to.match(/^before\n### ✗ does not conform/);
    expect(readFileSync(join(folder, 'output'), 'utf8')).to.match(
      /^result=failure\nverdict=does not conform: .*\npassed=0\nfailed=1\nskipped=0\nreport=\/reports\/x\n$/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('no value of the step’s outputs begins another output', () => {
  const report = { ...reportOf(started, end), verdict: 'conforms\r\nresult=success' };
  expect(stepOutputs(report, '/x')).to.include('\nverdict=conforms result=success\n');
});
