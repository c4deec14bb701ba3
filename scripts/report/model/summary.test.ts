import { expect } from 'chai';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import {
  broken,
  failed,
  notApplicable,
  passed,
  performed,
  planned,
  skipped,
  specOf,
  started,
  summaryOf,
} from './example-run.ts';
import { countsInWords } from './profiles.ts';
import { byChapter, countsOf, endingOf, type Summary } from './summary.ts';

const up = { ...started, verb: 'up' };
const one = specOf('SEED-1');
const two = specOf('SEED-2');

describe('the verdict of a run', () => {
  const cases: [string, Summary, string, RegExp][] = [
    ['conforms when all specs pass', summaryOf(started, planned(1), passed(one)), 'conforms', /^conforms: every/],
    [
      'conforms where some do not apply, and says for which versions they are',
      summaryOf(started, planned(2), passed(one), notApplicable(two)),
      'conforms',
      /that was run holds; 1 not applicable: Kubernetes before 1\.37 only$/,
    ],
    [
      'never conforms when nothing applies',
      summaryOf(started, planned(1), notApplicable(one)),
      'doesNotConform',
      /no spec passed/,
    ],
    ['names that specs were skipped', summaryOf(started, planned(2), passed(one), skipped(two)), 'conforms', /skipped/],
    [
      'does not conform with one failure',
      summaryOf(started, planned(2), passed(one), failed(two)),
      'doesNotConform',
      /1 of 2/,
    ],
    ['never conforms without specs', summaryOf(started, performed('Creating')), 'doesNotConform', /proves nothing/],
    [
      'never conforms when all is skipped',
      summaryOf(started, planned(1), skipped(one)),
      'doesNotConform',
      /no spec passed/,
    ],
    [
      'never conforms with results missing',
      summaryOf(started, planned(2), passed(one)),
      'doesNotConform',
      /1 specs gave no/,
    ],
    ['is the environment when a step failed', summaryOf(started, broken('Creating')), 'environment', /Creating failed/],
    [
      'is that of the step where the step knows better',
      summaryOf(started, broken('Reading', 'perform', new DomainError({ attempted: 'x' }, { exit: 'badUsage' }))),
      'badUsage',
      /Reading failed/,
    ],
    [
      'does not conform through a failed step',
      summaryOf(
        started,
        planned(1),
        passed(one),
        broken('x', 'perform', new DomainError({ attempted: 'x' }, { exit: 'conforms' })),
      ),
      'environment',
      /x failed/,
    ],
    [
      'puts a failed step before failed specs',
      summaryOf(started, planned(1), failed(one), broken('Reporting')),
      'environment',
      /Rep/,
    ],
    [
      'is interrupted, whatever else happened',
      summaryOf(started, planned(1), failed(one), { kind: 'interrupted', signal: 'SIGINT' }, broken('Creating')),
      'interrupted',
      /SIGINT/,
    ],
    [
      'does not hide what is left behind',
      summaryOf(started, planned(1), passed(one), broken('Deleting', 'undo')),
      'environment',
      /left behind/,
    ],
    [
      'puts failed specs before what is left behind',
      summaryOf(started, planned(1), failed(one), broken('D', 'undo')),
      'doesNotConform',
      /1 of 1/,
    ],
    ['is good for a verb that runs no specs', summaryOf(up, performed('Creating')), 'conforms', /^done$/],
  ];
  for (const [title, summary, exitStatus, verdict] of cases) {
    it(title, () => {
      expect(endingOf(summary).exitStatus).to.equal(exitStatus);
      expect(endingOf(summary).verdict).to.match(verdict);
    });
  }
});

it('the counts are those of the specs that are finished', () => {
  const summary = summaryOf(started, planned(9), passed(one), passed(two), skipped(one), failed(two));
  expect(countsInWords(countsOf(summary))).to.equal('2 passed, 1 failed, 1 skipped');
  const other = summaryOf(started, planned(2), passed(one), notApplicable(two));
  expect(countsInWords(countsOf(other))).to.equal('1 passed, 0 failed, 1 skipped');
});

it('retries are kept, with what failed', () => {
  const retried = { kind: 'action-retried', action: 'a', step: 'pull', attempt: 2, reason: 'EOF' } as const;
  const { retries } = summaryOf(started, retried, { ...retried, attempt: 3 });
  expect(retries).to.deep.equal([
    { step: 'pull', attempt: 2, reason: 'EOF' },
    { step: 'pull', attempt: 3, reason: 'EOF' },
  ]);
});

it('chapters keep their order, and the specs within them', () => {
  const other = specOf('SEED-3', 'x', 'mounting');
  const chapters = byChapter(summaryOf(passed(one), passed(other), passed(two)).specs);
  expect([...chapters].map(([chapter, specs]) => [chapter, specs.map(({ spec }) => spec.id)])).to.deep.equal([
    ['binding', ['SEED-1', 'SEED-2']],
    ['mounting', ['SEED-3']],
  ]);
});
