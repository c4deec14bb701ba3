import { redact } from '../../clusters/text/redact.ts';
import { wrap } from '../../clusters/text/wrap.ts';

/** The widest line that still fits a terminal of 120 columns inside an error's indentation. */
const width = 110;

/**
 * Returns a text in lines that fit; continuation lines begin under the text, after `lead`. Secrets are removed first:
 * they are no longer found in a text that is broken into lines.
 */
export function wrapped(lead: string, text: string): string[] {
  return wrap(redact(text), width, { lead, wholeWords: true });
}

/** Aligns rows in columns, two spaces apart. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Returns whether every line fits. */
export function fits(lines: readonly string[]): boolean {
  return lines.every((line) => line.length <= width);
}

/** Returns the first few of a list, and how many more there are. */
export function firstOf(lines: readonly string[], most: number, rest: (count: number) => string): string[] {
  return lines.length <= most ? [...lines] : [...lines.slice(0, most), rest(lines.length - most)];
}

/** Returns whether a text has a name in it, and not only a longer one that begins or ends with it. */
export function isNamedIn(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const around = `${text.charAt(at - 1)}${text.charAt(at + name.length)}`;
    if (!/[\w-]/.test(around)) return true;
  }
  return false;
}
