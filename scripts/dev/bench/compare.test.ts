import { expect } from 'chai';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { ended, passed, reportOf, specOf, started } from '../../report/made-up-for-tests.ts';
import { readComparison } from './compare.ts';
import { type Compared, compared, comparedAsText, type Taken, takenBy, verdictOf } from './compared.ts';

describe('the command line of a comparison', () => {
  it('has options of lpv run for the choice; without them the scenario is run', () => {
    const usual = { ref: 'main', rounds: 8, margin: 0.05, choice: ['--chapter', 'scenario'] };
    expect(readComparison(['--compare', 'main'])).to.deep.equal(usual);
    const argv = ['--grep', 'SEED-6', '--rounds', '12', '--compare=main', '--margin', '10', '--jobs=4'];
    expect(readComparison(argv)).to.deep.equal({
      ref: 'main',
      rounds: 12,
      margin: 0.1,
      choice: ['--grep', 'SEED-6', '--jobs=4'],
    });
  });

  for (const [argv, said] of [
    [['--rounds', '8'], '--compare'],
    [['--compare', 'main', '--rounds', '5'], 'from 6 to 100'],
    [['--compare', 'main', '--gerp', 'x'], '--grep'],
    [['--compare', 'main', '--use=dev'], '--use cannot go with --compare'],
    [['--compare', 'main', '--list'], '--list cannot go'],
    [['--compare', 'main', '--kubernetes', '1.36,1.37'], 'one Kubernetes minor'],
  ] as const) {
    it(`refuses ${argv.join(' ')}`, () => {
      expect(() => readComparison(argv))
        .to.throw(DomainError, said)
        .with.property('exit', 'badUsage');
    });
  }
});

describe('what a run took', () => {
  it('is read from its report: all of it, its cluster, and its specs from the first to the last', () => {
    const report = reportOf(started, passed(specOf('SEED-1')), passed(specOf('SEED-2')), ended('conforms', ''));
    const step = {
      title: 'Creating the cluster',
      direction: 'perform',
      outcome: 'done',
      milliseconds: 18_000,
    } as const;
    const [one, other] = report.requirements;
    if (!one || !other) throw new Error('the report has two requirements');
    const requirements = [
      { ...one, began: 20_000, milliseconds: 3000 },
      { ...other, began: 21_000, milliseconds: 9000 },
    ];
    expect(takenBy({ milliseconds: 40_000, steps: [step], requirements }, 55)).to.deep.equal({
      'the whole run': 40,
      'creating the cluster': 18,
      'the specs': 10,
      'work of the processors': 55,
    });
  });
});

describe('a comparison', () => {
  const taken = (whole: number): Taken => ({
    'the whole run': whole,
    'creating the cluster': 20,
    'the specs': 15,
    'work of the processors': 50,
  });
  const rounds = (by: number) =>
    [40, 41, 42, 40, 41, 42].map((whole) => ({ now: taken(whole * by), before: taken(whole) }));

  it('says what is slower, and in a table how much', () => {
    const all = compared(rounds(1.1), 0.05);
    const sentence = 'slower by more than 5 %: the whole run';
    expect(verdictOf(all, 0.05)).to.deep.equal({ slower: true, sentence });
    expect(comparedAsText(all).split('\n').slice(0, 3)).to.deep.equal([
      'median of               before  now     now/before  95 % bounds    rounds to see 5 %  shown',
      'the whole run           41.0 s  45.1 s  1.100       1.100 … 1.100  6                  ✗ slower',
      'creating the cluster    20.0 s  20.0 s  1.000       1.000 … 1.000  6                  ✓ as before',
    ]);
  });

  it('is no slower commit where the difference is within the margin', () => {
    expect(verdictOf(compared(rounds(1.03), 0.05), 0.05).sentence).to.equal('not slower by more than 5 %');
  });

  it('says what it has not told, and how many rounds would', () => {
    const wide = compared(rounds(1), 0.05).map((one): Compared => ({ ...one, shows: 'unclear', needed: 17 }));
    expect(verdictOf(wide.slice(0, 1), 0.05)).to.deep.equal({
      slower: false,
      sentence:
        'no figure is shown to be slower by more than 5 %; of the whole run it is not told: 17 rounds would tell 5 %',
    });
  });
});
