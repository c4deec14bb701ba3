import { grouped, median } from '../../../clusters/text/collections.ts';
import type { LocalVolumeConformanceReport } from '../model/report.ts';

/**
 * When something counts as slower. Taken from seven whole runs (269 to 291 specs in common) on one busy machine with
 * two processors, compared with each other; their trees were not all the same. That of pod starts is a judgement.
 *
 * - The time of a single spec says little: specs run side by side in a shuffled order, and what a spec shares the
 *   machine with changes from run to run. One in twenty took twice as long as in the other run, one in a hundred four
 *   times, and 15 s more were seen without any cause. So a spec counts as slower only if it took more than `factor`
 *   times as long as the whole run did (its ratio to the median of all ratios, so that a slower machine makes no spec
 *   slower) and more than `floor` milliseconds longer than that explains. In those runs that named 0 to 2 specs of 270:
 *   look at them, and run again, before blaming anything.
 * - Many specs together say more: the median of a chapter with ten specs or more stayed within 1.3 times that of
 *   the run.
 * - Pod starts are measured against their lower limits, so that the mixture of specs does not matter.
 */
export const noise = {
  spec: { factor: 4, floor: 10_000 },
  chapter: { factor: 1.5, fewest: 10 },
  run: { factor: 1.5, fewest: 10 },
  podStarts: { factor: 1.3, fewest: 20 },
} as const;

/** A spec, a chapter or a run that took longer than noise explains. Durations in milliseconds. */
export interface Slower {
  what: 'spec' | 'chapter';
  /** Id of the requirement, or name of the chapter. */
  name: string;
  before: number;
  after: number;
  /** After divided by before, divided by the same of the whole run. */
  ratio: number;
}

export interface Speed {
  /** How many requirements passed in both, and are compared. */
  common: number;
  /** The median of after divided by before; undefined where fewer are in common than can be judged. */
  shift: number | undefined;
  slower: readonly Slower[];
  /** Median of pod start divided by lower limit, of both; undefined where fewer were measured than can be judged. */
  podStarts: readonly [before: number, after: number] | undefined;
  podStartsSlower: boolean;
}

/** Returns whether a report is slower than the baseline, beyond noise. */
export function speedOf(baseline: LocalVolumeConformanceReport, other: LocalVolumeConformanceReport): Speed {
  const passed = new Map(
    baseline.requirements.flatMap(({ id, result, milliseconds }) =>
      result === 'passed' && milliseconds > 0 ? [[id, milliseconds]] : [],
    ),
  );
  const pairs = other.requirements.flatMap(({ id, chapter, result, milliseconds: after }) => {
    const before = passed.get(id);
    return result === 'passed' && before !== undefined && after > 0 ? [{ id, chapter, before, after }] : [];
  });
  const shift = pairs.length >= noise.run.fewest ? median(pairs.map(({ before, after }) => after / before)) : undefined;
  const starts = [baseline, other].map(({ podStarts }) =>
    podStarts
      .filter(({ lowerLimit }) => lowerLimit > 0)
      .map(({ milliseconds, lowerLimit }) => milliseconds / lowerLimit),
  );
  const [first = [], second = []] = starts;
  const enough = first.length >= noise.podStarts.fewest && second.length >= noise.podStarts.fewest;
  const podStarts = enough ? ([median(first), median(second)] as const) : undefined;
  return {
    common: pairs.length,
    shift,
    slower: shift === undefined ? [] : [...slowerChapters(pairs, shift), ...slowerSpecs(pairs, shift)],
    podStarts,
    podStartsSlower: podStarts !== undefined && podStarts[1] / podStarts[0] > noise.podStarts.factor,
  };
}

interface Pair {
  id: string;
  chapter: string;
  before: number;
  after: number;
}

function slowerSpecs(pairs: readonly Pair[], shift: number): Slower[] {
  const { factor, floor } = noise.spec;
  return pairs
    .map(({ id, before, after }): Slower => ({ what: 'spec', name: id, before, after, ratio: after / before / shift }))
    .filter(({ before, after, ratio }) => ratio > factor && after - before * shift > floor)
    .sort((a, b) => b.ratio - a.ratio);
}

function slowerChapters(pairs: readonly Pair[], shift: number): Slower[] {
  const { factor, fewest } = noise.chapter;
  return [...grouped(pairs, ({ chapter }) => chapter)]
    .filter(([, some]) => some.length >= fewest)
    .map(([name, some]): Slower => {
      const ratio = median(some.map(({ before, after }) => after / before)) / shift;
      const [before, after] = [median(some.map((pair) => pair.before)), median(some.map((pair) => pair.after))];
      return { what: 'chapter', name, before, after, ratio };
    })
    .filter(({ ratio }) => ratio > factor);
}
