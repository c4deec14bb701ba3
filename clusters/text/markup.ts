/** HTML or SVG, whose text is escaped. Only `html`, `element` and `raw` make it. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** A value in a template. Lists are joined. Undefined and false become empty. Text is escaped. */
export type Piece = Markup | string | number | undefined | false | readonly Piece[];

/** Returns a template whose values are escaped, unless they are markup already. Attributes must stand in quotes. */
export function html(literals: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(literals.map((literal, index) => literal + textOf(pieces[index])).join(''));
}

/** Returns a text as markup. Only for what this program has written itself. */
export function raw(text: string): Markup {
  return new Markup(text);
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Returns an element of SVG; numbers are written with at most one digit after the point. */
export function element(name: string, attributes: Attributes, ...children: readonly Piece[]): Markup {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${typeof value === 'number' ? short(value) : escaped(value)}"`],
  );
  const content = textOf(children);
  const tag = `<${name}${written.join('')}`;
  return new Markup(content === '' ? `${tag}/>` : `${tag}>${content}</${name}>`);
}

/** Returns a line of text in SVG with its left end at x, or its right end with `end`. */
export function label(x: number, y: number, text: string, className: string, anchor?: 'end' | 'middle'): Markup {
  return element('text', { x, y, class: className, 'text-anchor': anchor }, text);
}

/** Returns commands and numbers as SVG's paths have them. */
export function points(...parts: readonly (number | string)[]): string {
  return parts.map((part) => (typeof part === 'number' ? short(part) : part)).join(' ');
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function textOf(piece: Piece): string {
  if (piece === undefined || piece === false) return '';
  if (piece instanceof Markup) return piece.toString();
  if (typeof piece === 'object') return piece.map(textOf).join('');
  return escaped(String(piece));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// Control characters except tab and line feed, lone surrogates, characters that change the direction of text, and
// characters that XML cannot hold.
const special =
  /[&<>"'\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]/gu;

/**
 * Returns text as it may stand in content and in a quoted attribute. What cannot be seen is made visible: `␛`,
 * `⟨U+202E⟩`.
 */
export function escaped(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(special, (character) => entities[character] ?? visible(character));
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '␡';
  if ((code >= 0xd800 && code <= 0xdfff) || code >= 0xfffe) return '\ufffd';
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
