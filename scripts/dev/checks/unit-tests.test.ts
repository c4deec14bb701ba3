import { expect } from 'chai';
import { readUnitReport } from './unit-tests.ts';

function report(passes: number, failures: object[] = [], pending = 0): string {
  return JSON.stringify({ stats: { passes, failures: failures.length, pending, tests: passes }, tests: [], failures });
}

const unequal = {
  fullTitle: 'a parser reads two lines',
  err: {
    message: 'expected 1 to equal 2',
    stack: 'AssertionError: expected 1 to equal 2\n    at x.test.ts:3:4',
    actual: '1',
    expected: '2',
  },
};

describe('the report of the unit tests', () => {
  it('gives the counts', () => {
    expect(readUnitReport(report(12, [], 3), 0, '')).to.deep.equal({
      kind: 'passed',
      counts: { passed: 12, failed: 0, skipped: 3 },
    });
  });

  it('shows each failure with its place and the difference', () => {
    const outcome = readUnitReport(report(12, [unequal]), 1, '');
    expect(outcome).to.deep.include({
      kind: 'failed',
      exit: 'doesNotConform',
      counts: { passed: 12, failed: 1, skipped: 0 },
    });
    expect(outcome.kind === 'failed' && outcome.output)
      .to.contain('a parser reads two lines:\nAssertionError: expected 1 to equal 2\n    at x.test.ts:3:4')
      .and.contain('-1')
      .and.contain('+2');
  });

  for (const [what, text, status, said] of [
    ['no test at all', report(0), 0, 'no test passed'],
    ['a bad end of the process', report(3), 7, 'mocha ended with status 7\nit crashed'],
  ] as const) {
    it(`takes ${what} for a failure`, () => {
      const outcome = readUnitReport(text, status, 'it crashed');
      expect(outcome).to.have.property('kind', 'failed');
      expect(outcome).to.have.nested.property('counts.failed', 1);
      expect(outcome.kind === 'failed' && outcome.output).to.contain(said);
    });
  }
});
