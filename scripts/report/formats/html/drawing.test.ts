import { expect } from 'chai';
import { drawingOf } from './drawing.ts';

const svg = (content: string) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">${content}</svg>`;
const markupOf = (content: string) => String(drawingOf(svg(content), 't')?.markup);

describe('drawings from SVG files', () => {
  it('keeps what draws, with its title', () => {
    const drawing = drawingOf(
      svg('<title>A pod &amp; its volume</title><g class="lane"><text x="1" y="2">a&lt;b</text></g>'),
      't',
    );
    expect(drawing?.title).to.equal('A pod & its volume');
    expect(String(drawing?.markup)).to.equal(
      '<svg viewBox="0 0 10 10"><title>A pod &amp; its volume</title><g class="lane"><text x="1" y="2">a&lt;b</text></g></svg>',
    );
  });

  for (const [what, content] of [
    ['a script', '<script>alert(1)</script>'],
    ['foreign content', '<foreignObject><p>x</p></foreignObject>'],
    ['an image', '<image href="https://example.org/x.png"/>'],
    ['a link', '<a href="javascript:alert(1)"><text>alert</text></a>'],
    ['an animation', '<set attributeName="href" to="javascript:alert(1)"/>'],
  ] as const) {
    it(`leaves out ${what}`, () => expect(markupOf(content)).to.equal('<svg viewBox="0 0 10 10"></svg>'));
  }

  for (const [what, attribute] of [
    ['events', 'onclick="alert(1)"'],
    ['styles', 'style="background:red"'],
    ['links that lead out', 'href="https://example.org/#x"'],
    ['pictures', 'fill="url(https://example.org/x)"'],
  ] as const) {
    it(`leaves out ${what} of elements`, () =>
      expect(markupOf(`<rect ${attribute} width="1"/>`)).to.equal(
        '<svg viewBox="0 0 10 10"><rect width="1"></rect></svg>',
      ));
  }

  it('gives ids, and what refers to them, a prefix', () => {
    expect(markupOf('<marker id="a"/><path marker-end="url(#a)" aria-labelledby="a b"/><use href="#a"/>')).to.equal(
      '<svg viewBox="0 0 10 10"><marker id="t-a"></marker><path marker-end="url(#t-a)" aria-labelledby="t-a t-b"></path><use href="#t-a"></use></svg>',
    );
  });

  it('binds the style to the drawing', () => {
    expect(drawingOf(svg('<style>:root{--a:#000} .x{fill:var(--a)}</style>'), 't')?.css).to.equal(
      '#t{&{--a:#000} .x{fill:var(--a)}}',
    );
  });

  for (const css of ['} body{display:none', '@import "x";', '.a{fill:url(x)}', '.a{content:"\\3c"}']) {
    it(`refuses the style ${css}`, () =>
      expect(drawingOf(svg(`<style><![CDATA[${css}]]></style>`), 't')?.css).to.equal(''));
  }

  it('refuses what is no SVG', () => {
    for (const text of ['', 'words', '<html></html>', `<!DOCTYPE svg [<!ENTITY a "b">]>${svg('&a;')}`]) {
      expect(drawingOf(text, 't'), text).to.equal(undefined);
    }
  });
});
