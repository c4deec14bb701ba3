import { type Excerpt, excerptOf, sizeInPage } from './excerpt.ts';
import { fairShare } from './sharing.ts';

/** Texts of a page that may be cut, in the order in which they get room. */
const groups = ['messages', 'diagnoses', 'evidence of failures', 'evidence'] as const;

export type TextGroup = (typeof groups)[number];

/** How much of a text stands in the page. */
export type Inline = (group: TextGroup, text: string) => Excerpt;

/** Of the room for texts, the part that a group may have at most, and the most for one text, in bytes. */
const limits: Readonly<Record<TextGroup, { part: number; one: number }>> = {
  messages: { part: 0.25, one: 20_000 },
  diagnoses: { part: 0.4, one: 100_000 },
  'evidence of failures': { part: 0.6, one: 250_000 },
  evidence: { part: 1, one: 20_000 },
};

/** What stands around a text that is shown, in bytes: fold, link, a note that it was cut. */
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
