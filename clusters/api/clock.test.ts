import { expect } from 'chai';
import { duration, pause, waits } from './clock.ts';
import { ManualClock, settle } from './manual-clock.ts';

describe('time', () => {
  it('says a duration as a reader would', () => {
    const cases = [-5, 44, 9_949, 9_950, 59_499, 59_500, 125_000, 3_600_000, 3_780_000];
    expect(cases.map(duration)).to.deep.equal([
      '0.0 s',
      '0.0 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1 min',
      '2 min 5 s',
      '1 h',
      '1 h 3 min',
    ]);
  });

  it('pauses for as long as asked, or until aborted', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const over: string[] = [];
    void pause(clock, 100, new AbortController().signal).then(() => over.push('elapsed'));
    void pause(clock, 1_000, controller.signal).then(() => over.push('aborted'));
    await clock.advance(99);
    expect(over).to.deep.equal([]);
    await clock.advance(1);
    controller.abort();
    await settle();
    expect(over).to.deep.equal(['elapsed', 'aborted']);
    expect(clock.pending).to.equal(0);
  });

  it('waits longer each time, up to a limit', () => {
    const generator = waits({ first: 50, factor: 3, longest: 400 });
    expect([1, 2, 3, 4, 5].map(() => generator.next().value)).to.deep.equal([50, 150, 400, 400, 400]);
  });
});
