import { expect } from 'chai';
import { worstOf } from './matrix.ts';

describe('the exit status of several minors', () => {
  for (const [verdicts, worst] of [
    [['conforms', 'conforms'], 'conforms'],
    [['doesNotConform', 'conforms'], 'doesNotConform'],
    [['doesNotConform', 'environment'], 'environment'],
    [['environment', 'interrupted'], 'interrupted'],
  ] as const) {
    it(`is ${worst} for ${verdicts.join(' and ')}`, () => {
      expect(worstOf(verdicts)).to.equal(worst);
    });
  }
});
