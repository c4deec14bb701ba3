import { expect } from 'chai';
import { renderFigures } from './figures.ts';

describe('figures', () => {
  it('are shown with their span, their ratio to the lower limit, and whether the promise is kept', () => {
    const text = renderFigures([
      { what: 'pod', seconds: [2, 1, 3], lowerLimit: 0.5, target: 1.5 },
      { what: 'step', seconds: [0.25] },
    ]);
    expect(text.split('\n')).to.deep.equal([
      'what  median  from … to        n  lower limit   promised',
      'pod   2.00 s  1.00 s … 3.00 s  3  4.0 × 500 ms  ✗ ≤ 1.50 s',
      'step  250 ms                   1',
    ]);
  });
});
