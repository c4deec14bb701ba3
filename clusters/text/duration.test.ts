import { expect } from 'chai';
import { duration, inSeconds } from './duration.ts';

describe('durations', () => {
  for (const [milliseconds, words] of [
    [-5, '0 s'],
    [44, '0 s'],
    [449, '0.4 s'],
    [30_000, '30 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min'],
    [185_400, '3 min 5 s'],
    [3_599_600, '1 h'],
    [3_780_000, '1 h 3 min'],
  ] as const) {
    it(`of ${milliseconds} ms are ${words}`, () => expect(duration(milliseconds)).to.equal(words));
  }

  it('for JUnit are seconds, never negative', () => {
    expect([1_234.5, -1].map(inSeconds)).to.deep.equal(['1.234', '0.000']);
  });
});
