import { expect } from 'chai';
import { plainText, withTexts } from './plain-text.ts';

it('plain text keeps what XML allows, and nothing else', () => {
  expect(plainText('\t\n é 💾 \ufffd')).to.equal('\t\n é 💾 \ufffd');
  expect(plainText('a\u0000b\u001b[31mred\u001b[39m \ud800 \uffff\r\nnext\rlast')).to.equal('abred  \nnext\nlast');
});

it('texts are changed at every depth, and nothing else is', () => {
  const value = { a: ['x', 1, null, { b: 'y', c: true }], d: undefined };
  expect(withTexts(value, (text) => text.toUpperCase())).to.deep.equal({
    a: ['X', 1, null, { b: 'Y', c: true }],
    d: undefined,
  });
});
