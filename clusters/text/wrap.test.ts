import { expect } from 'chai';
import { columnsOf, printable, wrap } from './wrap.ts';

describe('wrapped text', () => {
  it('is broken between words, and within a word that is too long', () => {
    expect(wrap('one  two\nthree', 7)).to.deep.equal(['one two', 'three']);
    expect(wrap('abcdefghij k', 4)).to.deep.equal(['abcd', 'efgh', 'ij k']);
    expect(wrap('', 4)).to.deep.equal(['']);
  });

  it('keeps long words whole where that is asked', () => {
    expect(wrap('a sha256:0123456789', 8, { wholeWords: true })).to.deep.equal(['a', 'sha256:0123456789']);
  });

  it('is indented below its lead', () => {
    expect(wrap('one two three', 11, { lead: '  – ' })).to.deep.equal(['  – one two', '    three']);
  });

  it('has nothing in it that moves the cursor or turns the direction of text', () => {
    expect(printable('a\u001b[1mb\u0007\n\tc\u202e')).to.equal('ab� c�');
    expect(wrap('a\u202eb', 9)).to.deep.equal(['a�b']);
  });

  it('has the width that a terminal shows', () => {
    expect(['é', '日本', '\u001b[31mred\u001b[39m', 'e\u0301'].map(columnsOf)).to.deep.equal([1, 4, 3, 1]);
    expect(wrap('日本語日本語', 4)).to.deep.equal(['日本', '語日', '本語']);
  });
});
