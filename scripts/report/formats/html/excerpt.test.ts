import { expect } from 'chai';
import { excerptOf, sizeInPage } from './excerpt.ts';

describe('excerpts', () => {
  it('keeps a text whole that fits as it is escaped', () => {
    expect(excerptOf('a < b', 8)).to.deep.equal({ text: 'a < b', whole: true });
    expect(excerptOf('a < b', 7).whole).to.equal(false);
  });

  it('cuts at the end of a line', () => {
    expect(excerptOf('one\ntwo\nthree', 9)).to.deep.equal({ text: 'one\ntwo', whole: false });
  });

  it('cuts a long line between characters, within the size', () => {
    const cut = excerptOf('😀'.repeat(100), 50);
    expect(cut).to.deep.equal({ text: '😀😀😀😀', whole: false });
    for (const most of [0, 1, 13, 100]) {
      const { text } = excerptOf('<&\u202e😀é\n'.repeat(40), most);
      expect(sizeInPage(text)).to.be.at.most(most);
    }
  });
});
