import { expect } from 'chai';
import { fitted, type Inline } from './inline.ts';

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
