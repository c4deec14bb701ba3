import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { clusterOutcome, clusterStage, countCases, foldersOf } from './cluster-stage.ts';
import { planTests } from './plan.ts';

const suite = (name: string, tests: number, failures = 0, errors = 0, skipped = 0) =>
  `<testsuite name="${name}" tests="${tests}" failures="${failures}" errors="${errors}" skipped="${skipped}" time="1.000"><testcase name="a"/></testsuite>`;
const junit = (...suites: string[]) => `<?xml version="1.0"?><testsuites name="x">${suites.join('')}</testsuites>`;

describe('the count of a run', () => {
  for (const [what, xml, counts] of [
    [
      'specs, and no steps that went well',
      junit(suite('cluster', 9), suite('binding', 8, 1, 1, 2), suite('disks', 3)),
      [7, 2, 2],
    ],
    ['steps that failed', junit(suite('cluster', 9, 0, 1)), [0, 1, 0]],
    ['one suite only', junit(suite('binding', 2)), [2, 0, 0]],
  ] as const) {
    it(`has ${what}`, () => {
      const [passed, failed, skipped] = counts;
      expect(countCases(xml)).to.deep.equal({ passed, failed, skipped });
    });
  }
});

describe('what came of a run', () => {
  const good = junit(suite('cluster', 9), suite('seed', 10));
  const bad = junit(suite('cluster', 9), suite('seed', 10, 2));
  for (const [what, status, xml, expected] of [
    ['all went well', 0, good, { kind: 'passed' }],
    ['specs failed', 1, bad, { kind: 'failed', exit: 'doesNotConform', failed: 2 }],
    ['the machine is at fault before any spec', 3, undefined, { kind: 'failed', exit: 'environment', failed: 1 }],
    ['something was left behind', 3, good, { kind: 'failed', exit: 'environment', failed: 1 }],
    ['it was interrupted', 130, good, { kind: 'failed', exit: 'interrupted', failed: 1 }],
    ['it was killed', null, good, { kind: 'failed', exit: 'environment', failed: 1 }],
    ['it crashed', 7, undefined, { kind: 'failed', exit: 'environment', failed: 1 }],
    [
      'it says that it went well and proves nothing',
      0,
      undefined,
      { kind: 'failed', exit: 'doesNotConform', failed: 1 },
    ],
    ['it says that it went well and has failures', 0, bad, { kind: 'failed', exit: 'doesNotConform', failed: 2 }],
  ] as const) {
    it(`is told where ${what}`, () => {
      const outcome = clusterOutcome(status, xml === undefined ? [] : [xml]);
      const { kind } = outcome;
      expect(kind === 'failed' ? { kind, exit: outcome.exit, failed: outcome.counts?.failed } : { kind }).to.deep.equal(
        expected,
      );
    });
  }
});

describe('what came of a matrix', () => {
  const run = (specs: number, failed: number) => junit(suite('cluster', 9), suite('seed', specs, failed));

  it('is the sum of its runs', () => {
    expect(clusterOutcome(0, [run(10, 0), run(5, 0)])).to.deep.equal({
      kind: 'passed',
      counts: { passed: 15, failed: 0, skipped: 0 },
    });
    expect(clusterOutcome(1, [run(10, 0), run(5, 2)])).to.deep.include({
      kind: 'failed',
      counts: { passed: 13, failed: 2, skipped: 0 },
    });
  });
});

describe('the run of the specs', () => {
  let reports: string;

  beforeEach(async () => {
    reports = await mkdtemp(join(tmpdir(), 'lpv-reports-'));
  });

  afterEach(() => rm(reports, { recursive: true }));

  async function report(name: string, pid: number, started: Date): Promise<string> {
    const folder = join(reports, name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'run.json'), JSON.stringify({ process: { pid }, started, run: 'x' }));
    return folder;
  }

  it('finds its report among others by its process', async () => {
    const now = Date.now();
    await report('20261123-020000-aaaaaa', 7, new Date(now - 60_000));
    const ours = await report('20261123-020100-bbbbbb', 7, new Date(now + 1000));
    await report('20261123-020200-cccccc', 8, new Date(now + 2000));
    await writeFile(join(reports, 'index.html'), '');
    expect(await foldersOf(reports, 7, now)).to.deep.equal([ours]);
    expect(await foldersOf(reports, 9, now)).to.deep.equal([]);
    expect(await foldersOf(join(reports, 'none'), 7, now)).to.deep.equal([]);
  });

  it('finds the reports of a matrix in their folder', async () => {
    const now = Date.now();
    const older = await report('20261123-020100-kubernetes-1.36-1.37/20261123-020101-bbbbbb', 7, new Date(now + 1000));
    const newer = await report('20261123-020100-kubernetes-1.36-1.37/20261123-021201-dddddd', 7, new Date(now + 2000));
    await writeFile(join(reports, '20261123-020100-kubernetes-1.36-1.37', 'comparison.md'), '');
    expect(await foldersOf(reports, 7, now)).to.deep.equal([older, newer]);
  });

  it('reads the report that its process has written', async () => {
    const folder = join(reports, '20261123-020100-bbbbbb');
    const program = `
      const { mkdirSync, writeFileSync } = require('node:fs');
      const [folder, junit] = process.argv.slice(1);
      mkdirSync(folder);
      writeFileSync(folder + '/run.json', JSON.stringify({ process: { pid: process.pid }, started: new Date() }));
      writeFileSync(folder + '/junit_01.xml', junit);`;
    const [run] = planTests([`--report=${reports}`], {}, []).runs;
    if (run === undefined) throw new Error('no run was planned');
    const stage = clusterStage(run, (argv) => {
      expect(argv).to.deep.equal(['run', `--report=${reports}`]);
      return spawn(process.execPath, ['-e', program, folder, junit(suite('seed', 3))]);
    });
    expect(await stage.perform(new AbortController().signal)).to.deep.equal({
      kind: 'passed',
      counts: { passed: 3, failed: 0, skipped: 0 },
    });
  });
});
