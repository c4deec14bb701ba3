import { expect } from 'chai';
import { ManualClock, settle } from '../../clusters/api/manual-clock.ts';
import { arriveOnSchedule, dueTimes } from './arrivals.ts';

describe('the arrivals of a storm', () => {
  const never = new AbortController().signal;

  it('are due at equal distances', () => {
    expect(dueTimes(4, 50)).to.deep.equal([0, 20, 40, 60]);
    expect(dueTimes(0, 50)).to.deep.equal([]);
  });

  it('do not wait for the answers to earlier ones', async () => {
    const clock = new ManualClock();
    const sent: [index: number, at: number][] = [];
    const answers: (() => void)[] = [];
    const all = arriveOnSchedule({ due: dueTimes(3, 10), clock, signal: never }, (index) => {
      sent.push([index, clock.monotonic()]);
      return new Promise((resolve) => answers.push(resolve));
    });
    await clock.advance(200);
    expect(sent).to.deep.equal([
      [0, 0],
      [1, 100],
      [2, 200],
    ]);
    for (const answer of answers) answer();
    expect(await all).to.deep.equal({ lateness: [0, 0, 0], mostInFlight: 3 });
    expect(clock.pending).to.equal(0);
  });

  it('are late where the generator was held up, and catch up', async () => {
    let now = 0;
    const timers: (() => void)[] = [];
    const clock = {
      now: () => new Date(now),
      monotonic: () => now,
      schedule: (_: number, callback: () => void) => {
        timers.push(callback);
        return () => {};
      },
    };
    const all = arriveOnSchedule({ due: [0, 10, 20], clock, signal: never }, async () => {});
    now = 35;
    timers.shift()?.();
    expect(await all).to.deep.include({ lateness: [0, 25, 15] });
  });

  it('end with the first that fails, and send no more', async () => {
    const clock = new ManualClock();
    let sent = 0;
    const all = arriveOnSchedule({ due: dueTimes(5, 10), clock, signal: never }, async () => {
      sent += 1;
      if (sent === 2) throw new Error('refused');
    }).catch((error: Error) => error.message);
    await clock.advance(1_000);
    expect(await all).to.equal('refused');
    expect(sent).to.equal(2);
  });

  it('end when they are interrupted', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const all = arriveOnSchedule({ due: dueTimes(5, 10), clock, signal: stop.signal }, async () => {}).catch(
      (error: Error) => error.message,
    );
    await clock.advance(150);
    stop.abort(new Error('interrupted'));
    await settle();
    expect(await all).to.equal('interrupted');
    expect(clock.pending).to.equal(0);
  });
});
