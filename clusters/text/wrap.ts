import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** Returns how many columns a terminal needs for a text: 0 for a combining mark or a colour, 2 for a wide letter. */
export const columnsOf: (text: string) => number = stringWidth;

const escapes = /\u001b\[[0-9;]*m/g;

/** Returns a text without what moves a terminal's cursor or turns the direction of text; line breaks become spaces. */
export function printable(text: string): string {
  return text
    .replace(escapes, '')
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '�');
}

/**
 * Returns the printable lines of a text, each of at most `width` columns and broken between words. The first line
 * begins with `lead`, the others with as many spaces. A word that is too long is broken, unless `wholeWords`.
 */
export function wrap(text: string, width: number, { lead = '', wholeWords = false } = {}): string[] {
  const indent = columnsOf(lead);
  const room = Math.max(1, width - indent);
  const lines = wrapAnsi(printable(text).trim(), room, { hard: !wholeWords }).split('\n');
  return lines.map((line, index) => `${index === 0 ? lead : ' '.repeat(indent)}${line}`);
}
