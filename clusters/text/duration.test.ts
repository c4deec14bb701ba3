import { expect } from 'chai';
import { duration, inSeconds } from './duration.ts';

describe('durations', () => {
  for (const [milliseconds, words] of [
    [0, '0.0 s'],
    [449, '0.4 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min 00 s'],
    [185_400, '3 min 05 s'],
    [3_600_000, '60 min 00 s'],
  ] as const) {
    it(`of ${milliseconds} ms are ${words}`, () => expect(duration(milliseconds)).to.equal(words));
  }

  it('for JUnit are seconds, never negative', () => {
    expect([1_234.5, -1].map(inSeconds)).to.deep.equal(['1.234', '0.000']);
  });
});
