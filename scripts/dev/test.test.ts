import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { ended, failed, passed, reportOf, skipped, specOf, started } from '../report/made-up-for-tests.ts';
import type { Outcome } from './checks.ts';
import { outcomeOfSpecs, runSpecs } from './run-specs.ts';
import { listen, performAll, planTests, sideBySide, TestRun } from './test.ts';

describe('the command line of a test run', () => {
  const minors = [{ name: '1.37', built: {} }, { name: '1.36', built: {} }, { name: '1.35' }];
  const plan = (...argv: string[]) => planTests(argv, minors);

  it('means all checks and one run, with the options of lpv run', () => {
    const { checks, specs } = plan('--kubernetes', '1.36', '--report=out');
    expect(checks).to.include.members(['types', 'house', 'unit', 'browser']);
    const argv = ['run', '--kubernetes', '1.36', '--report=out'];
    expect(specs).to.deep.equal({ title: 'specs on a cluster of Kubernetes 1.36', argv });
    expect(plan().specs).to.deep.equal({ title: 'specs on a cluster', argv: ['run'] });
  });

  it('means, with matrix, one run on all minors that can be built, the oldest first', () => {
    const { checks, specs } = plan('matrix', '--image', 'built');
    expect(checks).to.include('unit');
    const argv = ['run', '--image', 'built', '--kubernetes', '1.36,1.37'];
    expect(specs).to.deep.equal({ title: 'specs on a cluster of Kubernetes 1.36 and 1.37', argv });
  });

  it('means, with check, no run', () => {
    expect(plan('check')).to.deep.equal({ checks: plan().checks });
    expect(plan('check', 'unit', 'types')).to.deep.equal({ checks: ['types', 'unit'] });
  });

  for (const [argv, said] of [
    [['check', 'typse'], 'typse is no check; did you mean types?'],
    [['--kuberntes', '1.36'], '--kubernetes'],
    [['all'], 'all'],
    [['matrix', '--kubernetes', '1.36'], '--kubernetes'],
    [['--list'], 'npm run lpv --'],
    [['--dry-run'], 'npm run lpv --'],
    [['--help'], 'npm run lpv --'],
  ] as const) {
    it(`refuses ${argv.join(' ')}`, () => {
      expect(() => plan(...argv))
        .to.throw(DomainError, said)
        .with.property('exit', 'badUsage');
    });
  }
});

it('checks run side by side, each in its turn, no more at a time than there are lanes', async () => {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => {
    begun.push(name);
    return new Promise<void>((resolve) => void ends.set(name, resolve));
  };
  const all = sideBySide(['types', 'style', 'unit', 'browser'], 2, work);
  const seen: string[] = [];
  for (const name of ['style', 'unit', 'types', 'browser']) {
    seen.push(begun.join(' '));
    ends.get(name)?.();
    await nextTurn();
  }
  await all;
  expect(seen).to.deep.equal([
    'types style',
    'types style unit',
    'types style unit browser',
    'types style unit browser',
  ]);
});

describe('the lines of a test run', () => {
  /** Performs parts with these outcomes; returns the lines written, without times, and the exit status. */
  async function linesOf(
    parts: Readonly<Record<string, Outcome | Error>>,
    { signal = new AbortController().signal } = {},
  ) {
    const lines: string[] = [];
    const run = new TestRun((line) => void lines.push(line.replace(/[\d.]+ s\)/, 'T)')), false);
    for (const [title, outcome] of Object.entries(parts)) {
      await run.perform(title, async () => (outcome instanceof Error ? Promise.reject(outcome) : outcome), signal);
    }
    const { failed } = run;
    return { exit: run.finish(signal), failed, lines };
  }

  it('count a part as one, but for one that counts itself, and end with the sum', async () => {
    const parts: Record<string, Outcome> = {
      types: { kind: 'passed' },
      syntax: { kind: 'skipped', reason: 'no go command' },
      unit: { kind: 'passed', counts: { passed: 40, failed: 0, skipped: 2 } },
      specs: { kind: 'passed', counts: { passed: 10, failed: 0, skipped: 0 } },
    };
    expect(await linesOf(parts)).to.deep.equal({
      exit: 'conforms',
      failed: false,
      lines: [
        ' ✓ types (T)',
        ' - syntax: skipped: no go command',
        ' ✓ unit (40 passed, 0 failed, 2 skipped, T)',
        ' ✓ specs (10 passed, 0 failed, 0 skipped, T)',
        '51 passed, 0 failed, 3 skipped',
      ],
    });
  });

  it('go on after a failure, show its output, and the exit status is that of the first', async () => {
    const parts = {
      style: { kind: 'failed', output: 'a.ts:1\n\nb.ts:2\n' },
      types: { kind: 'passed' },
      security: new Error('no space left on device'),
      specs: { kind: 'failed', exit: 'environment', output: '', counts: { passed: 3, failed: 1, skipped: 0 } },
    } as const;
    const { lines, ...rest } = await linesOf(parts);
    expect(rest).to.deep.equal({ exit: 'doesNotConform', failed: true });
    expect(lines.join('\n')).to.equal(
      ' ✗ style (T)\n   a.ts:1\n\n   b.ts:2\n ✓ types (T)\n ✗ security (T)\n   no space left on device\n' +
        ' ✗ specs (3 passed, 1 failed, 0 skipped, T)\n4 passed, 3 failed, 0 skipped',
    );
  });

  it('are none after an interruption but the sum', async () => {
    const parts: Record<string, Outcome> = { types: { kind: 'failed', output: '' } };
    const expected = { exit: 'interrupted', failed: false, lines: ['0 passed, 0 failed, 0 skipped'] };
    expect(await linesOf(parts, { signal: AbortSignal.abort() })).to.deep.equal(expected);
  });
});

describe('the specs of a test run', () => {
  /** Performs checks and specs; returns in which order they began and ended, and the lines. */
  async function ordered({ types = 'passed', unit = 'passed', atOnce }: Record<string, string | boolean>) {
    const [order, lines]: [string[], string[]] = [[], []];
    const check = (title: string, kind: unknown) => ({
      title,
      run: async (): Promise<Outcome> => {
        for (let turn = 0; turn < 3; turn++) await nextTurn();
        order.push(`${title} ended`);
        return kind === 'passed' ? { kind } : { kind: 'failed', output: '' };
      },
    });
    const run = new TestRun((line) => void lines.push(line.replace(/ \([\d.]+ s\)/, '')), false);
    const specs = {
      title: 'specs',
      createsAtOnce: async () => {
        order.push('asked');
        return atOnce === true;
      },
      run: async (checks: Promise<{ checks: string }> | undefined): Promise<Outcome> => {
        order.push('specs begun');
        if (checks) order.push(`checks ${(await checks).checks}`);
        return { kind: 'passed' };
      },
    };
    const parts = { telling: [check('types', types)], others: [check('unit', unit)], specs };
    await performAll(parts, run, new AbortController().signal);
    return { order, lines, exit: run.finish(new AbortController().signal) };
  }

  it('begin beside the long checks where the cluster can be created at once, and are told of their end', async () => {
    const { order, exit } = await ordered({ atOnce: true });
    expect(order).to.deep.equal(['types ended', 'asked', 'specs begun', 'unit ended', 'checks passed']);
    expect(exit).to.equal('conforms');
  });

  it('come after the checks elsewhere', async () => {
    const { order } = await ordered({ atOnce: false });
    expect(order).to.deep.equal(['types ended', 'asked', 'unit ended', 'specs begun']);
  });

  it('are skipped where a check fails beside them', async () => {
    const { order, lines, exit } = await ordered({ atOnce: true, unit: 'failed' });
    expect(order.at(-1)).to.equal('checks failed');
    expect(lines.slice(1)).to.deep.equal([
      ' ✗ unit',
      ' - specs: skipped: a check failed',
      '1 passed, 1 failed, 1 skipped',
    ]);
    expect(exit).to.equal('doesNotConform');
  });

  it('have no cluster where the first checks fail; the others say what they find', async () => {
    const { order, lines } = await ordered({ atOnce: true, types: 'failed' });
    expect(order).to.deep.equal(['types ended', 'unit ended']);
    expect(lines).to.include(' - specs: skipped: a check failed');
  });
});

describe('the outcome of the specs', () => {
  const good = reportOf(started, passed(specOf('SEED-1')), skipped(specOf('SEED-2')), ended('conforms', ''));
  const bad = reportOf(started, passed(specOf('SEED-1')), failed(specOf('SEED-2')), ended('doesNotConform', ''));
  const step = { title: 'Creating', direction: 'perform', outcome: 'failed', milliseconds: 1 } as const;
  const broken = { ...reportOf(started, ended('environment', '')), steps: [step] };
  for (const [what, status, reports, expected] of [
    ['all went well, on several minors', 0, [good, good], ['passed', undefined, 2, 0, 2]],
    ['specs failed', 1, [good, bad], ['failed', 'doesNotConform', 2, 1, 1]],
    ['a step failed', 3, [broken], ['failed', 'environment', 0, 1, 0]],
    ['the machine is at fault before any spec', 3, [], ['failed', 'environment', 0, 1, 0]],
    ['something was left behind', 3, [good], ['failed', 'environment', 1, 1, 1]],
    ['it was interrupted', 130, [good], ['failed', 'interrupted', 1, 1, 1]],
    ['it was killed', null, [good], ['failed', 'environment', 1, 1, 1]],
    ['it crashed', 7, [], ['failed', 'environment', 0, 1, 0]],
    ['it ended well and has run nothing', 0, [], ['failed', 'doesNotConform', 0, 1, 0]],
    ['it ended well and has failures', 0, [bad], ['failed', 'doesNotConform', 1, 1, 0]],
  ] as const) {
    it(`is known where ${what}`, () => {
      const outcome = outcomeOfSpecs(status, reports);
      const exit: ExitStatus | undefined = outcome.kind === 'failed' ? outcome.exit : undefined;
      const counts = outcome.kind === 'skipped' ? undefined : outcome.counts;
      expect([outcome.kind, exit, counts?.passed, counts?.failed, counts?.skipped]).to.deep.equal(expected);
    });
  }

  it('is read from the reports whose folders the process sends', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lpv-reports-'));
    try {
      await writeFile(join(folder, 'report.yaml'), stringify(good));
      const script = 'process.send({ type: "dependency" }); process.send({ reports: [process.argv[1]] })';
      const counts = { passed: 1, failed: 0, skipped: 1 };
      const outcome = await runSpecs([process.execPath, '-e', script, folder], () => {});
      expect(outcome).to.deep.equal({ kind: 'passed', counts });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

it('specs beside the checks are told when these have ended', async () => {
  const script = `
    if (process.env.LPV_AWAIT_CHECKS !== 'yes') process.exit(3);
    process.once('message', ({ checks }) => process.exit(checks === 'failed' ? 130 : 0));`;
  const checks = Promise.resolve({ checks: 'failed' } as const);
  const outcome = await runSpecs([process.execPath, '-e', script], () => {}, checks);
  expect(outcome).to.deep.include({ kind: 'failed', exit: 'interrupted' });
});

describe('interruptions of a test run', () => {
  it('abort at the first signal, and pass every one on to the process that runs', async () => {
    const source = new EventEmitter();
    const got = new EventEmitter();
    using interruptions = listen(source);
    const { signal, passOnTo } = interruptions;
    // It undoes what it made at the first signal, and ends at the second.
    const script = `
      process.once('SIGINT', () => process.on('SIGTERM', () => process.exit(130)) && process.send('undoing'));
      setInterval(() => {}, 1000);
      process.send('made');`;
    const outcome = runSpecs([process.execPath, '-e', script], (child) => {
      passOnTo(child);
      (child as unknown as EventEmitter | undefined)?.on('message', (message) => got.emit(message));
    });
    await once(got, 'made');
    expect(signal.aborted).to.equal(false);
    source.emit('SIGINT');
    await once(got, 'undoing');
    source.emit('SIGTERM');
    expect(await outcome).to.deep.include({ kind: 'failed', exit: 'interrupted' });
    expect(signal.reason).to.have.property('message', 'interrupted by SIGINT');
  });

  it('are heard no longer than the run', () => {
    const source = new EventEmitter();
    listen(source)[Symbol.dispose]();
    expect([source.listenerCount('SIGINT'), source.listenerCount('SIGTERM')]).to.deep.equal([0, 0]);
  });
});
