/** How many columns a text takes: combining marks take none, East Asian wide characters two. */
export function plainWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mn}|\p{Me}|\p{Cf}/u.test(character)) continue;
    width += wide.test(character) ? 2 : 1;
  }
  return width;
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]|[\u{20000}-\u{3fffd}]/u;

/** A text in lines of at most so many columns, broken between words; a longer word is broken where the line ends. */
export function wordsWithin(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ').filter(Boolean)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (plainWidth(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = piecesOf(word, width);
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}

/** The same, with a lead on the first line and as many spaces on the others, all after `margin`. */
export function indented(lead: string, text: string, width: number, margin: string): string[] {
  const columns = [...lead.replace(escapes, '')].length;
  return wordsWithin(text, width - margin.length - columns).map(
    (line, index) => `${margin}${index === 0 ? lead : ' '.repeat(columns)}${line}`,
  );
}

const escapes = /\u001b\[[0-9;]*m/g;

/** Without what would move a terminal's cursor or turn the direction of text; line breaks become spaces. */
export function printable(text: string): string {
  return text
    .replace(escapes, '')
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '�');
}

function piecesOf(word: string, width: number): string[] {
  const pieces = [''];
  for (const character of word) {
    const last = pieces.length - 1;
    const longer = (pieces[last] ?? '') + character;
    if (plainWidth(longer) <= width || pieces[last] === '') pieces[last] = longer;
    else pieces.push(character);
  }
  return pieces;
}
