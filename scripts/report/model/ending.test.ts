import { expect } from 'chai';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import {
  broken,
  failed,
  failedOutside,
  knownIssue,
  notApplicable,
  passed,
  performed,
  planned,
  skipped,
  sourcesOf,
  specOf,
  started,
  summaryOf,
} from '../made-up-for-tests.ts';
import { buildReport } from './build-report.ts';
import { endingOf } from './ending.ts';

const one = specOf('SEED-1');
const two = specOf('SEED-2');
const three = specOf('SEED-3');

describe('the verdict of a run', () => {
  const cases: [string, Parameters<typeof sourcesOf>, string, RegExp][] = [
    [
      'conforms when all specs pass',
      [started, planned(1), passed(one)],
      'conforms',
      /^conforms: 1 of 1 promises of Kubernetes about local volumes hold$/,
    ],
    [
      'conforms where some do not apply',
      [started, planned(2), passed(one), notApplicable(two)],
      'conforms',
      /^conforms: 1 of 1 promises .* hold, 1 not applicable$/,
    ],
    [
      'never conforms when nothing applies',
      [started, planned(1), notApplicable(one)],
      'doesNotConform',
      /no spec passed/,
    ],
    ['names that specs were skipped', [started, planned(2), passed(one), skipped(two)], 'conforms', /hold, 1 skipped$/],
    [
      'does not conform with one failure',
      [started, planned(2), passed(one), failed(two)],
      'doesNotConform',
      /^does not conform: 1 of 2 promises of Kubernetes about local volumes hold, 1 failed$/,
    ],
    [
      'is the environment where a spec was skipped and none may be',
      [{ ...started, strict: true }, planned(2), passed(one), skipped(two)],
      'environment',
      /^not all was shown: .* hold, 1 skipped$/,
    ],
    [
      'is good where none may be skipped and one does not apply',
      [{ ...started, strict: true }, planned(2), passed(one), notApplicable(two)],
      'conforms',
      /1 not applicable$/,
    ],
    ['never conforms without specs', [started, performed('Creating')], 'doesNotConform', /proves nothing/],
    ['never conforms when all is skipped', [started, planned(1), skipped(one)], 'doesNotConform', /no spec passed/],
    ['never conforms with results missing', [started, planned(2), passed(one)], 'doesNotConform', /1 specs gave no/],
    ['is the environment when a step failed', [started, broken('Creating')], 'environment', /Creating failed/],
    [
      'is that of the step where the step knows better',
      [started, broken('Reading', 'perform', new DomainError({ attempted: 'x' }, { exit: 'badUsage' }))],
      'badUsage',
      /Reading failed/,
    ],
    [
      'does not conform through a failed step',
      [
        started,
        planned(1),
        passed(one),
        broken('x', 'perform', new DomainError({ attempted: 'x' }, { exit: 'conforms' })),
      ],
      'environment',
      /x failed/,
    ],
    [
      'puts a failed step before failed specs',
      [started, planned(1), failed(one), broken('Reporting')],
      'environment',
      /Rep/,
    ],
    [
      'is interrupted, also where a step failed',
      [started, planned(1), failed(one), { kind: 'interrupted', signal: 'SIGINT' }, broken('Creating')],
      'interrupted',
      /SIGINT/,
    ],
    [
      'does not hide what is left behind',
      [started, planned(1), passed(one), broken('Deleting', 'undo')],
      'environment',
      /left behind/,
    ],
    [
      'puts failed specs before what is left behind',
      [started, planned(1), failed(one), broken('D', 'undo')],
      'doesNotConform',
      /0 of 1 promises/,
    ],
    [
      'conforms where a promise is broken as a known issue says',
      [started, planned(2), passed(one), knownIssue(two)],
      'conforms',
      /1 of 2 promises of Kubernetes about local volumes hold, 1 known issue$/,
    ],
    [
      'conforms where nothing but known issues was tried',
      [started, planned(1), knownIssue(one)],
      'conforms',
      /0 of 1 .* 1 known issue$/,
    ],
    [
      'does not conform through a failure outside of requirements',
      [started, planned(1), passed(one), failedOutside('CLOSE', 'left')],
      'doesNotConform',
      /1 of 1 promises .* hold; 1 failed outside of requirements$/,
    ],
  ];
  for (const [title, events, exitStatus, verdict] of cases) {
    it(title, () => {
      const report = buildReport({ ...sourcesOf(...events), finished: 83_000 });
      expect(report.exitStatus).to.equal(exitStatus);
      expect(report.verdict).to.match(verdict);
    });
  }

  it('is good for a verb that runs no specs, and is done', () => {
    const ending = endingOf(summaryOf({ ...started, verb: 'up' }, performed('Creating')), undefined);
    expect(ending).to.deep.equal({ exitStatus: 'conforms', verdict: 'done' });
  });

  it('names another subject than Kubernetes only where some of it failed or was skipped', () => {
    const sources = sourcesOf(started, planned(3), passed(one), failed(two), passed(three));
    const subjects = ['kubernetes', 'provisioner', 'api'] as const;
    const chosen = sources.chosen.map(({ requirement, ...rest }, index) => {
      return { ...rest, requirement: { ...requirement, subject: subjects[index] ?? 'kubernetes' } };
    });
    const report = buildReport({ ...sources, chosen, finished: 1 });
    expect(report.verdict).to.equal(
      'does not conform: 1 of 1 promises of Kubernetes about local volumes hold; 0 of 1 promises of the static provisioner hold, 1 failed',
    );
    expect(report.subjects.map(({ name, statistics }) => [name, statistics.passed, statistics.failed])).to.deep.equal([
      ['kubernetes', 1, 0],
      ['provisioner', 0, 1],
      ['api', 1, 0],
    ]);
  });
});

it('retries are kept, with what failed', () => {
  const retried = { kind: 'action-retried', action: 'a', step: 'pull', attempt: 2, reason: 'EOF' } as const;
  const { retries } = summaryOf(started, retried, { ...retried, attempt: 3 });
  expect(retries).to.deep.equal([
    { step: 'pull', attempt: 2, reason: 'EOF' },
    { step: 'pull', attempt: 3, reason: 'EOF' },
  ]);
});
