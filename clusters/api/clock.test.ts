import { expect } from 'chai';
import { pause, waits } from './clock.ts';
import { ManualClock, settle } from './manual-clock.ts';

describe('time', () => {
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
