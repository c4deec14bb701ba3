import { escaped } from '../../../markup.ts';

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
  // Most texts are known to fit, or not to, by their length alone: measuring is most of the time that a page takes.
  if (text.length * widest <= most) return { text, whole: true };
  if (text.length <= most && sizeInPage(text) <= most) return { text, whole: true };
  let size = 0;
  let end = 0;
  for (const line of text.slice(0, most + 1).split('\n')) {
    size += sizeInPage(line) + 1;
    if (size > most) break;
    end += line.length + 1;
  }
  if (end > 0) return { text: text.slice(0, end - 1), whole: false };
  const characters = [...text.slice(0, most)].slice(0, Math.floor(most / widest));
  return { text: characters.join(''), whole: false };
}
