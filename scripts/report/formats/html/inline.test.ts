import { expect } from 'chai';
import { excerptOf, fairShare, fitted, type Inline, sizeInPage } from './inline.ts';

const lines = (count: number) => 'a line with <odd> characters\n'.repeat(count);

describe('texts in a page of limited size', () => {
  const render = (inline: Inline) =>
    `${'x'.repeat(1000)}${(['messages', 'evidence', 'evidence of failures'] as const)
      .map((group) => `[${group} ${inline(group, lines(20)).text.length}]`)
      .join('')}`;

  it('shows all where there is room', () => {
    expect(fitted(100_000, render)).to.match(/\[messages 580\]\[evidence 580\]\[evidence of failures 580\]/);
  });

  it('cuts the evidence of what passed before that of failures', () => {
    const [, messages, passed, failures] =
      /messages (\d+)\]\[evidence (\d+)\].* (\d+)\]/.exec(fitted(2900, render)) ?? [];
    expect(Number(messages)).to.be.greaterThan(0);
    expect(Number(failures)).to.equal(580);
    expect(Number(passed)).to.be.lessThan(580);
  });

  it('keeps to the size, with the escaped length of the texts', () => {
    const texts = [lines(1), lines(500), lines(30), '&'.repeat(5000), ''];
    const page = (inline: Inline) =>
      texts.map((text) => inline('evidence', text).text.replace(/[<>&]/g, '&amp;')).join('');
    for (const size of [0, 500, 5_000, 15_000]) expect(Buffer.byteLength(fitted(size, page))).to.be.at.most(size);
  });
});

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

describe('sharing out room', () => {
  const total = (sizes: readonly number[], share: number) =>
    sizes.reduce((sum, size) => sum + Math.min(size, share), 0);

  it('cuts nothing where everything fits', () => {
    expect(fairShare([10, 20, 30], 60, 1000)).to.equal(1000);
    expect(fairShare([], 0, 1000)).to.equal(1000);
  });

  it('leaves the small whole and cuts the large at the same size', () => {
    expect(fairShare([10, 1000, 2000], 110, 1000)).to.equal(50);
    expect(fairShare([2000, 10, 1000], 110, 1000)).to.equal(50);
  });

  it('keeps to the budget and to the most', () => {
    const sizes = [3, 700, 12, 90, 4000, 4000, 51];
    for (const budget of [0, 1, 100, 1000, 5000, 8856]) {
      const share = fairShare(sizes, budget, 3000);
      expect(share).to.be.at.most(3000);
      expect(total(sizes, share), `budget ${budget}`).to.be.at.most(budget);
    }
    expect(fairShare([5], -20, 3000)).to.equal(0);
  });
});
