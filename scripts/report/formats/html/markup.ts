/** HTML that may stand in a page as it is. Only `html` and `raw` make it. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template. Lists are joined; undefined and false are nothing; text is escaped. */
export type Piece = Markup | string | number | undefined | false | readonly Piece[];

/** A template whose values are escaped, unless they are markup already. Attributes must stand in quotes. */
export function html(literals: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(literals.map((literal, index) => literal + textOf(pieces[index])).join(''));
}

/** Takes text for markup. Only for what this program has written itself. */
export function raw(text: string): Markup {
  return new Markup(text);
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

// Control characters but tab and line feed, half surrogate pairs, and what turns the direction of the text around it.
const special =
  /[&<>"'\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu;

/** Text as it may stand in content and in a quoted attribute. What cannot be seen is made visible: `␛`, `⟨U+202E⟩`. */
export function escaped(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(special, (character) => entities[character] ?? visible(character));
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '␡';
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
