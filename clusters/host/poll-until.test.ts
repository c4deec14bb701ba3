import { expect } from 'chai';
import { pollUntil } from './poll-until.ts';

describe('polling', () => {
  const answeringAt = (count: number) => {
    let looks = 0;
    return async () => (++looks === count ? { answer: looks } : { notYet: looks });
  };

  it('ends with the first answer', async () => {
    expect(await pollUntil(answeringAt(3), { within: 2_000, every: 1 })).to.deep.equal({ answer: 3 });
  });

  it('ends at its deadline with what was seen last', async () => {
    expect(await pollUntil(answeringAt(1000), { within: 45, every: 20 }))
      .to.have.property('notYet')
      .that.is.within(1, 3);
  });

  it('ends at once with what a look throws, and with the reason of an abort', async () => {
    const broken = new Error('broken');
    const failing = pollUntil(() => Promise.reject(broken), { within: 2_000, every: 1 });
    expect(await failing.catch((e) => e)).to.equal(broken);
    const reason = new Error('stopped');
    const controller = new AbortController();
    const polling = pollUntil(answeringAt(1000), { within: 120_000, every: 60_000, signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    expect(await polling.catch((e) => e)).to.equal(reason);
  });
});
