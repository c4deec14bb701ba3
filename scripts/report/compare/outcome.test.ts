import { expect } from 'chai';
import { type Change, changeOf, type Outcome, worse } from './outcome.ts';

const whole = { complete: true };
const part = { complete: false };

describe('what happened to a requirement', () => {
  const table: readonly [Outcome, Outcome, Change][] = [
    ['passed', 'passed', 'same'],
    ['passed', 'failed', 'regression'],
    ['passed', 'knownIssue', 'regression'],
    ['knownIssue', 'passed', 'fixed'],
    ['failed', 'knownIssue', 'other'],
    ['knownIssue', 'failed', 'failing'],
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
    ['passed', 'notApplicable', 'byMinor'],
    ['notApplicable', 'passed', 'byMinor'],
    ['notApplicable', 'failed', 'failing'],
    ['failed', 'notApplicable', 'byMinor'],
  ];
  for (const [before, after, change] of table) {
    it(`${before} to ${after}: ${change}`, () => expect(changeOf(before, after, [whole, whole])).to.equal(change));
  }

  it('says nothing of what one of the runs did not choose', () => {
    expect(changeOf('passed', 'absent', [whole, part])).to.equal('incomparable');
    expect(changeOf('absent', 'failed', [part, whole])).to.equal('incomparable');
    expect(changeOf('passed', 'failed', [part, part])).to.equal('regression');
  });

  it('is not compared where the cluster is excused and the requirement was skipped', () => {
    for (const [before, change] of [
      ['passed', 'notCompared'],
      ['failed', 'notCompared'],
      ['skipped', 'same'],
      ['notApplicable', 'byMinor'],
      ['absent', 'new'],
    ] as const)
      expect(changeOf(before, 'skipped', [whole, whole], true), before).to.equal(change);
    expect(changeOf('passed', 'failed', [whole, whole], true)).to.equal('regression');
    expect(changeOf('passed', 'absent', [whole, whole], true)).to.equal('lost');
  });

  it('is worse where something that held is no longer shown to hold', () => {
    expect([...worse]).to.deep.equal(['regression', 'lost']);
  });
});
