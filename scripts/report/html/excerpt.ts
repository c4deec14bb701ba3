import { escaped } from './markup.ts';

/** The beginning of a text, as much as there was room for. */
export interface Excerpt {
  text: string;
  whole: boolean;
}

/** How many bytes a text takes in a page. */
export function sizeInPage(text: string): number {
  return Buffer.byteLength(escaped(text));
}

// A character takes at most this many bytes in a page: that of `⟨U+202E⟩`.
const widest = 12;

/** A text cut to a number of bytes in the page, at the end of a line where there is one. */
export function excerptOf(text: string, most: number): Excerpt {
  // Nearly all texts fit; measuring every one byte by byte would be half of the time that writing a page takes.
  if (text.length * widest <= most || sizeInPage(text) <= most) return { text, whole: true };
  let size = 0;
  let end = 0;
  for (const line of text.split('\n')) {
    size += sizeInPage(line) + 1;
    if (size > most) break;
    end += line.length + 1;
  }
  if (end > 0) return { text: text.slice(0, end - 1), whole: false };
  const characters = [...text.slice(0, most)].slice(0, Math.floor(most / widest));
  return { text: characters.join(''), whole: false };
}
