import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import type { Shell } from 'zx';
import { missing, outcomeOfTests, runCheck, shellScripts } from './checks.ts';

it('a check whose tool is not here is skipped, but fails in CI, where a skipped check would go unnoticed', () => {
  expect(missing('shellcheck is not on PATH', {})).to.deep.equal({
    kind: 'skipped',
    reason: 'shellcheck is not on PATH',
  });
  const failed = missing('shellcheck is not on PATH', { CI: 'true' });
  expect(failed).to.include({ kind: 'failed', exit: 'environment' });
  expect(failed).to.have.property('output').that.includes('shellcheck is not on PATH; in CI every check has to run');
});

describe('the outcome of the unit tests', () => {
  const report = (passes: number, failures: object[] = [], pending = 0) =>
    JSON.stringify({ stats: { passes, failures: failures.length, pending }, failures });
  const stack = 'AssertionError: expected 1 to equal 2\n    at x.test.ts:3:4';
  const unequal = { fullTitle: 'a parser reads two lines', err: { stack, actual: '1', expected: '2' } };

  it('is counted', () => {
    const counts = { passed: 12, failed: 0, skipped: 3 };
    expect(outcomeOfTests(report(12, [], 3), 0, '')).to.deep.equal({ kind: 'passed', counts });
  });

  it('shows each failure with its place and the difference', () => {
    const outcome = outcomeOfTests(report(12, [unequal]), 1, '');
    expect(outcome).to.deep.include({ kind: 'failed', counts: { passed: 12, failed: 1, skipped: 0 } });
    expect(outcome.kind === 'failed' && outcome.output)
      .to.contain(`a parser reads two lines:\n${stack}`)
      .and.contain('-1')
      .and.contain('+2');
  });

  for (const [what, text, status, said] of [
    ['no test at all', report(0), 0, 'no test passed'],
    ['a bad end of the process', report(3), 7, 'mocha ended with status 7\n\nit crashed'],
  ] as const) {
    it(`is a failure with ${what}`, () => {
      const outcome = outcomeOfTests(text, status, 'it crashed');
      expect(outcome).to.have.nested.property('counts.failed', 1);
      expect(outcome.kind === 'failed' && outcome.output).to.contain(said);
    });
  }
});

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

describe('a check', () => {
  it('ends at a signal with every process that it started', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lpv-check-'));
    const interruption = new AbortController();
    const pids = join(folder, 'pids');
    const script = 'sleep 1000 & echo $$ $! >"$1.new"; mv "$1.new" "$1"; wait';
    try {
      const title = 'one that goes on';
      const run = async (shell: Shell) => {
        await shell`sh -c ${script} sh ${pids}`;
        return { kind: 'passed' } as const;
      };
      const outcome = runCheck({ title, run }, interruption.signal);
      while (!existsSync(pids)) await wait(10);
      interruption.abort();
      await outcome;
      const started = (await readFile(pids, 'utf8')).trim().split(' ');
      // A zombie has ended, too.
      const alive = () => started.filter((pid) => /^State:\t[^ZX]/m.test(statusOf(pid)));
      for (let left = 100; left > 0 && alive().length > 0; left--) await wait(10);
      expect(alive()).to.deep.equal([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the shell scripts', () => {
  it('are all found', async () => {
    const names = (await shellScripts()).map((path) => basename(path));
    expect(names).to.include.members(['assemble.sh', 'prepare-node.sh', 'node-entrypoint', 'kubelet-cgroup-v2']);
  });

  it('are read by sh without an error, and stop at errors or say why they go on', async () => {
    for (const path of await shellScripts()) {
      execFileSync('sh', ['-n', path]);
      expect(await readFile(path, 'utf8'), path).to.match(/^(set -eu|# Goes on after an error: .+\nset -u)$/m);
    }
  });
});
