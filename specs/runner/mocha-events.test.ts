import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { expect } from 'chai';
import Mocha from 'mocha';
import type { RunEvent, SpecResult } from './events.ts';
import { emitToMocha, mochaReporter } from './mocha-events.ts';

const evidence: string[] = [];
const error = { name: 'AssertionError', message: 'claim is bound to b', causes: [{ message: 'the volume of node3' }] };
const specs: [id: string, chapter: string, result: SpecResult][] = [
  ['LV-A-1', 'access', { outcome: 'passed', milliseconds: 12, evidence }],
  ['LV-B-1', 'binding', { outcome: 'failed', milliseconds: 5, evidence, error }],
  ['LV-A-2', 'access', { outcome: 'skipped', milliseconds: 0, evidence, reason: 'no xfs' }],
  ['LV-B-2', 'binding', { outcome: 'notApplicable', milliseconds: 0, evidence, reason: 'Kubernetes before 1.37 only' }],
];
const planned = specs.map(([, chapter]) => chapter);

function play(read: (event: RunEvent) => void): void {
  const at = new Date();
  read({ at, kind: 'specs-planned', count: specs.length, seed: 1, jobs: 2 });
  for (const [id, chapter, result] of specs) {
    const spec = { id, chapter, sentence: 'holds', file: `specs/${chapter}/a.spec.ts`, line: 3 };
    read({ at, kind: 'spec-started', spec });
    read({ at, kind: 'spec-finished', spec, result });
  }
  read({ at, kind: 'run-finished', exitStatus: 'doesNotConform', verdict: 'does not conform', milliseconds: 20 });
}

describe('mocha’s own events of a run', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lpv-mocha-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('come suite by suite, though specs of several chapters run at the same time', async () => {
    const seen: string[] = [];
    class Recorder {
      constructor(runner: Mocha.Runner) {
        runner.on(Mocha.Runner.constants.EVENT_RUN_BEGIN, () => seen.push('begin'));
        runner.on(Mocha.Runner.constants.EVENT_SUITE_BEGIN, ({ title }) => seen.push(`suite ${title}`));
        runner.on(Mocha.Runner.constants.EVENT_TEST_END, ({ title }) => seen.push(title));
        runner.on(Mocha.Runner.constants.EVENT_SUITE_END, ({ title }) => seen.push(`end ${title}`));
        runner.on(Mocha.Runner.constants.EVENT_RUN_END, () => seen.push('end'));
      }
    }
    play(emitToMocha(Recorder as unknown as Mocha.ReporterConstructor, planned));
    expect(seen).to.deep.equal([
      'begin',
      'suite ',
      'suite access',
      'LV-A-1 holds',
      'LV-A-2 holds',
      'end access',
      'suite binding',
      'LV-B-1 holds',
      'LV-B-2 holds',
      'end binding',
      'end ',
      'end',
    ]);
  });

  it('are what mocha’s json reporter writes', async () => {
    const output = join(folder, 'run.json');
    play(emitToMocha(await mochaReporter('json'), planned, { output }));
    const { stats, failures, pending } = JSON.parse(readFileSync(output, 'utf8'));
    expect(stats).to.include({ suites: 2, tests: 4, passes: 1, pending: 2, failures: 1 });
    expect(failures[0].fullTitle).to.equal('binding LV-B-1 holds');
    expect(failures[0].err.message).to.equal('claim is bound to b\ncaused by: the volume of node3');
    expect(pending.map(({ title }: { title: string }) => title)).to.deep.equal(['LV-A-2 holds', 'LV-B-2 holds']);
  });

  it('are what mocha’s xunit reporter writes', async () => {
    const output = join(folder, 'run.xml');
    play(emitToMocha(await mochaReporter('xunit'), planned, { output }));
    const written = async (): Promise<string> => {
      const text = existsSync(output) ? readFileSync(output, 'utf8') : '';
      return text.includes('</testsuite>') ? text : after(5).then(written);
    };
    expect(await written()).to.match(/tests="4" failures="0" errors="1" skipped="2"/);
  });

  it('come from no unknown reporter', async () => {
    const refused = await mochaReporter('no-such-reporter').catch((thrown: unknown) => thrown);
    expect(refused).to.have.property('exit', 'badUsage');
    expect(refused).to.have.property('message').that.includes('no-such-reporter');
  });
});
