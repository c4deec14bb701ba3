import { expect } from 'chai';
import { requirementOf } from '../formats/html/examples.ts';
import type { ReportedRequirement } from '../model/report.ts';
import { type Change, changeOf, type Outcome, outcomeOf, worse } from './outcome.ts';

const whole = { complete: true };
const part = { complete: false };

describe('what happened to a requirement', () => {
  const table: readonly [Outcome, Outcome, Change][] = [
    ['passed', 'passed', 'same'],
    ['passed', 'failed', 'regression'],
    ['passed', 'skipped', 'lost'],
    ['passed', 'absent', 'lost'],
    ['failed', 'passed', 'fixed'],
    ['failed', 'skipped', 'other'],
    ['failed', 'absent', 'other'],
    ['skipped', 'passed', 'gained'],
    ['skipped', 'failed', 'failing'],
    ['absent', 'passed', 'new'],
    ['absent', 'skipped', 'new'],
    ['absent', 'failed', 'failing'],
    ['passed', 'inapplicable', 'byMinor'],
    ['inapplicable', 'passed', 'byMinor'],
    ['inapplicable', 'failed', 'failing'],
    ['failed', 'inapplicable', 'byMinor'],
  ];
  for (const [before, after, change] of table) {
    it(`${before} to ${after}: ${change}`, () => expect(changeOf(before, after, [whole, whole])).to.equal(change));
  }

  it('says nothing of what one of the runs did not choose', () => {
    expect(changeOf('passed', 'absent', [whole, part])).to.equal('incomparable');
    expect(changeOf('absent', 'failed', [part, whole])).to.equal('incomparable');
    expect(changeOf('passed', 'failed', [part, part])).to.equal('regression');
  });

  it('is worse where something that held is not shown to hold any more', () => {
    expect([...worse]).to.deep.equal(['regression', 'lost']);
  });

  it('is told apart where a requirement is promised for other minors only', () => {
    const entry = (result: 'passed' | 'skipped', ...features: string[]) =>
      ({ ...requirementOf('LV-X-01', 'binding'), result, features }) satisfies ReportedRequirement;
    expect(outcomeOf(entry('skipped', 'kubernetes<1.37'), 'v1.37.2')).to.equal('inapplicable');
    expect(outcomeOf(entry('skipped', 'kubernetes<1.37'), 'v1.36.3')).to.equal('skipped');
    expect(outcomeOf(entry('skipped', 'block'), 'v1.37.2')).to.equal('skipped');
    expect(outcomeOf(entry('passed', 'kubernetes<1.37'), 'v1.36.3')).to.equal('passed');
    expect(outcomeOf(undefined, 'v1.36.3')).to.equal('absent');
  });
});
