import { escaped } from '../../../../clusters/text/markup.ts';

/** Texts of a page that may be cut, in the order in which they get room. */
const groups = ['messages', 'diagnoses', 'evidence of failures', 'evidence'] as const;

export type TextGroup = (typeof groups)[number];

/** How much of a text is in the page. */
export type Inline = (group: TextGroup, text: string) => Excerpt;

/** Of the room for texts, the part that a group may have at most, and the most for one text, in bytes. */
const limits: Readonly<Record<TextGroup, { part: number; one: number }>> = {
  messages: { part: 0.25, one: 20_000 },
  diagnoses: { part: 0.4, one: 100_000 },
  'evidence of failures': { part: 0.6, one: 250_000 },
  evidence: { part: 1, one: 20_000 },
};

/** The markup around a text that is shown, in bytes: fold, link, a note that it was cut. */
const around = 400;

/**
 * Renders a page so that it keeps to a size: first without any of the texts that may be cut, to see what room is left
 * for them; then with as much of each as there is room for. Failures come before the rest; within a group, small texts
 * stay whole and large ones are cut at the same size.
 * @param size the most that the page should have, in bytes.
 */
export function fitted(size: number, render: (inline: Inline) => string): string {
  const sizes = new Map<TextGroup, number[]>(groups.map((group) => [group, []]));
  const bare = render((group, text) => {
    // No text gets more than its limit, so there is no need to measure further.
    sizes.get(group)?.push(around + sizeInPage(text.slice(0, limits[group].one)));
    return { text: '', whole: text === '' };
  });
  const room = Math.max(0, size - Buffer.byteLength(bare));
  let left = room;
  const shares = new Map(
    groups.map((group) => {
      const { part, one } = limits[group];
      const wanted = sizes.get(group) ?? [];
      const share = fairShare(wanted, Math.min(left, room * part), one);
      left -= wanted.reduce((sum, each) => sum + Math.min(each, share), 0);
      return [group, share];
    }),
  );
  return render((group, text) => excerptOf(text, Math.max(0, (shares.get(group) ?? 0) - around)));
}

/**
 * Returns how much of each text may be shown so that all together keep to a budget: those that are small stay whole,
 * the large ones are cut at the same size. Sizes in bytes.
 * @param most no text gets more than this, however much room there is.
 */
export function fairShare(sizes: readonly number[], budget: number, most: number): number {
  let left = Math.max(0, budget);
  const ascending = sizes.toSorted((a, b) => a - b);
  for (const [index, size] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - index));
    if (size > share) return Math.min(most, share);
    left -= size;
  }
  return most;
}

/** The beginning of a text, as much as there was room for. */
export interface Excerpt {
  text: string;
  whole: boolean;
}

/** Returns how many bytes a text takes in a page. */
export function sizeInPage(text: string): number {
  return Buffer.byteLength(escaped(text));
}

// A character takes at most this many bytes in a page: that of `⟨U+202E⟩`.
const widest = 12;

/** Returns a text cut to a number of bytes in the page, at the end of a line where there is one. */
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
