import { expect } from 'chai';
import { type Stage, type StageOutcome, Tally } from './tally.ts';

const never = new AbortController().signal;

function stage(title: string, outcome: StageOutcome | Error, kind: Stage['kind'] = 'check'): Stage {
  return {
    title,
    kind,
    async perform() {
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  };
}

/** The lines that are told of stages, without their times, and what comes of them. */
async function tell(stages: readonly Stage[], options: { signal?: AbortSignal; interrupted?: boolean } = {}) {
  let text = '';
  const tally = new Tally((more) => {
    text += more;
  }, false);
  for (const each of stages) await tally.perform(each, options.signal ?? never);
  const verdict = tally.finish(options.interrupted ?? false);
  const lines = text
    .replace(/\d+\.\d s\)/g, 'T)')
    .trimEnd()
    .split('\n');
  return { lines, verdict, checksFailed: tally.checksFailed };
}

describe('the tally of a test run', () => {
  it('counts a stage as one, but for one that counts itself, and sums all up in the last line', async () => {
    const stages = [
      stage('types', { kind: 'passed' }),
      stage('syntax', { kind: 'skipped', reason: 'no go command' }),
      stage('unit', { kind: 'passed', counts: { passed: 40, failed: 0, skipped: 2 } }),
      stage('specs', { kind: 'passed', counts: { passed: 10, failed: 0, skipped: 0 } }, 'cluster'),
    ];
    expect(await tell(stages)).to.deep.equal({
      lines: [
        ' ✓ types (T)',
        ' - syntax: skipped: no go command',
        ' ✓ unit (40 passed, 0 failed, 2 skipped, T)',
        ' • specs',
        ' ✓ specs (10 passed, 0 failed, 0 skipped, T)',
        '51 passed, 0 failed, 3 skipped',
      ],
      verdict: 'conforms',
      checksFailed: false,
    });
  });

  it('goes on after a failure, shows its output, and ends with the meaning of the first', async () => {
    const stages = [
      stage('style', { kind: 'failed', exit: 'doesNotConform', output: 'a.ts:1\n\nb.ts:2\n' }),
      stage('types', { kind: 'passed' }),
      stage('security', new Error('no space left on device')),
    ];
    expect(await tell(stages)).to.deep.equal({
      lines: [
        ' ✗ style (T)',
        '   a.ts:1',
        '',
        '   b.ts:2',
        ' ✓ types (T)',
        ' ✗ security (T)',
        '   no space left on device',
        '1 passed, 2 failed, 0 skipped',
      ],
      verdict: 'doesNotConform',
      checksFailed: true,
    });
  });

  it('takes a failed cluster for no failed check', async () => {
    const counts = { passed: 3, failed: 1, skipped: 0 };
    const told = await tell([stage('specs', { kind: 'failed', exit: 'environment', output: '', counts }, 'cluster')]);
    expect(told).to.include({ verdict: 'environment', checksFailed: false });
    expect(told.lines.at(-1)).to.equal('3 passed, 1 failed, 0 skipped');
  });

  it('begins nothing after an interruption, and ends as interrupted', async () => {
    const failed: StageOutcome = { kind: 'failed', exit: 'doesNotConform', output: '' };
    const told = await tell([stage('types', failed)], { signal: AbortSignal.abort(), interrupted: true });
    expect(told).to.deep.equal({
      lines: ['0 passed, 0 failed, 0 skipped'],
      verdict: 'interrupted',
      checksFailed: false,
    });
  });
});
