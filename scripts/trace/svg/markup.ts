/** A piece of SVG that is escaped already. */
export type Markup = string & { readonly svg: unique symbol };

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element; numbers are written with at most one digit after the point. */
export function element(name: string, attributes: Attributes, ...children: readonly Markup[]): Markup {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${typeof value === 'number' ? short(value) : escaped(value)}"`],
  );
  const content = children.join('');
  return (
    content === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${content}</${name}>`
  ) as Markup;
}

/** Text between tags. */
export function words(text: string): Markup {
  return escaped(text) as Markup;
}

/** A line of text with its left end at x, or its right end with `end`. */
export function label(x: number, y: number, text: string, className: string, anchor?: 'end' | 'middle'): Markup {
  return element('text', { x, y, class: className, 'text-anchor': anchor }, words(text));
}

/** Numbers as SVG's paths have them. */
export function points(...numbers: readonly (number | string)[]): string {
  return numbers.map((part) => (typeof part === 'number' ? short(part) : part)).join(' ');
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Characters that XML cannot hold, and those that turn the direction of text, become U+FFFD. */
function escaped(text: string): string {
  return [...text]
    .map((character) => {
      const code = character.codePointAt(0) ?? 0;
      const forbidden =
        (code < 0x20 && !'\t\n\r'.includes(character)) ||
        (code >= 0x7f && code < 0xa0) ||
        (code >= 0xd800 && code <= 0xdfff) ||
        (code >= 0x202a && code <= 0x202e) ||
        (code >= 0x2066 && code <= 0x2069) ||
        (code & 0xfffe) === 0xfffe;
      return forbidden ? '\ufffd' : (entities[character] ?? character);
    })
    .join('');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
