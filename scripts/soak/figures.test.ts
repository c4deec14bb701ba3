import { expect } from 'chai';
import { type SoakedRun, soakFigures } from './figures.ts';
import { figuresAsMarkdown, figuresAsText, percent } from './tables.ts';

const machine = {
  memory: 2 ** 30,
  engineMemory: 200 * 2 ** 20,
  engineDescriptors: 95,
  inotifyInstances: 20,
  inotifyWatches: 60,
  loopDevices: 0,
};

function run(round: number, results: SoakedRun['results'], change: Partial<SoakedRun> = {}): SoakedRun {
  return {
    round,
    seed: round,
    exitStatus: Object.values(results).includes('failed') ? 'doesNotConform' : 'conforms',
    milliseconds: 300_000,
    results,
    retries: 0,
    peak: { memory: 400 * 2 ** 20, descriptors: 80 },
    machine,
    leaks: [],
    ...change,
  };
}

const passed = { 'LV-A-01': 'passed', 'LV-A-02': 'passed' } as const;

describe('the figures of runs in a row', () => {
  it('tell a flaky requirement from one that never holds', () => {
    const mixed = { ...passed, 'LV-A-02': 'failed', 'LV-A-03': 'failed' } as const;
    const figures = soakFigures([run(1, { ...passed, 'LV-A-03': 'failed' }), run(2, mixed)]);
    expect(figures.flaky.map(({ id, failed, runs }) => [id, failed, runs])).to.deep.equal([['LV-A-02', 1, 2]]);
    expect(figures.refuted.map(({ id }) => id)).to.deep.equal(['LV-A-03']);
    expect(figures).to.include({ runs: 2, conforming: 0, requirements: 3 });
  });

  it('bound what never failed, and count no requirement that was not shown', () => {
    const rounds = Array.from({ length: 20 }, (_, index) => run(index + 1, { ...passed, 'LV-A-03': 'skipped' }));
    const { boundOfOne, all, requirements } = soakFigures(rounds);
    expect(boundOfOne?.high).to.be.closeTo(0.161, 0.001);
    expect(all).to.include({ runs: 40, failed: 0 });
    expect(requirements).to.equal(2);
  });

  it('find what grows, over the rounds and not over the minors', () => {
    const rounds = [1, 2, 3, 4, 5].flatMap((round) =>
      [1, 2].map((minor) =>
        run(round, passed, {
          milliseconds: 200_000 * minor,
          machine: { ...machine, inotifyWatches: 60 + 3 * round, engineDescriptors: 95 + (round % 2) },
        }),
      ),
    );
    const { drifts } = soakFigures(rounds);
    expect(drifts.filter(({ grows }) => grows).map(({ figure }) => figure)).to.deep.equal(['inotify watches']);
    expect(drifts.find(({ figure }) => figure === 'time of a run')).to.deep.include({ first: 300, last: 300 });
  });

  it('have no bound where no run came to a verdict', () => {
    const figures = soakFigures([run(1, {}, { exitStatus: 'environment' })]);
    expect([figures.all, figures.boundOfOne]).to.deep.equal([undefined, undefined]);
    expect(figuresAsText(figures)).to.include('No requirement was shown');
  });

  it('stand in both tables, with the runs that left something', () => {
    const leaky = run(2, { ...passed, 'LV-A-02': 'failed' }, { leaks: ['+ loop devices: /dev/loop3 volA.img'] });
    const figures = soakFigures([run(1, passed), leaky, run(3, passed)]);
    for (const text of [figuresAsText(figures), figuresAsMarkdown(figures)])
      expect(text)
        .to.include('2 of 3 runs conform')
        .and.match(/LV-A-02.+1.+3.+33\.3 % \(6\.1 % to 79\.2 %\)/)
        .and.include('run 2: + loop devices: /dev/loop3 volA.img')
        .and.include('+0.00 ± 0.00');
  });

  it('write small shares with the digits that count', () => {
    expect([0, 0.000_62, 0.161, 1].map(percent)).to.deep.equal(['0 %', '0.062 %', '16.1 %', '100 %']);
  });
});
