import { expect } from 'chai';
import { element, escaped, html, points, raw } from './markup.ts';

describe('html templates', () => {
  it('escapes text, in content and in attributes', () => {
    const odd = `<script>alert("it's & so")</script>`;
    expect(String(html`<p title="${odd}">${odd}</p>`)).to.equal(
      '<p title="&lt;script&gt;alert(&quot;it&#39;s &amp; so&quot;)&lt;/script&gt;">&lt;script&gt;alert(&quot;it&#39;s &amp; so&quot;)&lt;/script&gt;</p>',
    );
  });

  it('takes markup and lists as they are, numbers as text, and leaves out what is not there', () => {
    const items = ['a', '<b>'].map((text) => html`<li>${text}</li>`);
    expect(String(html`<ul>${items}</ul>${0}${undefined}${false}${raw('<hr>')}`)).to.equal(
      '<ul><li>a</li><li>&lt;b&gt;</li></ul>0<hr>',
    );
  });

  it('escapes what was escaped before once more, so that it is read as it was written', () => {
    expect(escaped('&amp;')).to.equal('&amp;amp;');
  });

  it('makes visible what cannot be seen, and keeps tabs, line feeds and every script', () => {
    expect(escaped('\u0000\u001b[31m\u007f\u0085')).to.equal('␀␛[31m␡⟨U+0085⟩');
    expect(escaped('gnp.\u202eexe')).to.equal('gnp.⟨U+202E⟩exe');
    expect(escaped('half \ud83d pair')).to.equal('half \ufffd pair');
    expect(escaped('a\tb\r\nc\rd')).to.equal('a\tb\nc␍d');
    expect(escaped('日本語 😀 é')).to.equal('日本語 😀 é');
  });

  it('makes elements of SVG, with escaped text and short numbers', () => {
    expect(
      String(element('g', { x: 1.26, class: 'a"b', fill: undefined }, '<b>', element('path', { d: '' }))),
    ).to.equal('<g x="1.3" class="a&quot;b">&lt;b&gt;<path d=""/></g>');
    expect(points('M', 1.04, 2, 'V', 3)).to.equal('M 1 2 V 3');
  });
});
