import { median } from '../../../clusters/text/collections.ts';
import { aligned } from '../../../specs/diagnosis/text.ts';
import type { LocalVolumeConformanceReport } from '../../report/model/report.ts';
import { judge, leastRounds, pairedRatio, type Ratio } from './ratios.ts';

/** What one run takes, in seconds. */
export type Taken = Readonly<Record<(typeof figures)[number], number>>;

const figures = ['the whole run', 'creating the cluster', 'the specs', 'work of the processors'] as const;

/** A round: the same on both commits, one after the other. */
export interface Round {
  now: Taken;
  before: Taken;
}

/** Returns what a run took, by its report; `processors` are the seconds that the machine's processors worked meanwhile. */
export function takenBy(
  { milliseconds, steps, requirements }: Pick<LocalVolumeConformanceReport, 'milliseconds' | 'steps' | 'requirements'>,
  processors: number,
): Taken {
  const creation = steps.find(
    ({ title, direction }) => direction === 'perform' && /^creating the cluster/i.test(title),
  );
  const specs = requirements.flatMap(({ began, milliseconds: taken }) =>
    began === undefined ? [] : [{ began, ended: began + taken }],
  );
  const span = Math.max(...specs.map(({ ended }) => ended)) - Math.min(...specs.map(({ began }) => began));
  return {
    'the whole run': milliseconds / 1000,
    'creating the cluster': (creation?.milliseconds ?? Number.NaN) / 1000,
    'the specs': span / 1000,
    'work of the processors': processors,
  };
}

/** What a comparison has shown of one figure. */
export interface Compared extends Ratio {
  what: string;
  /** Medians, in seconds. */
  before: number;
  now: number;
  shows: ReturnType<typeof judge>;
}

/** Returns what was seen of each figure, where a difference counts that is greater than the margin. */
export function compared(rounds: readonly Round[], margin: number): Compared[] {
  return figures.map((what) => {
    const now = rounds.map((round) => round.now[what]);
    const before = rounds.map((round) => round.before[what]);
    const ratio = pairedRatio(now, before);
    return { what, before: median(before), now: median(now), ...ratio, shows: judge(ratio, margin) };
  });
}

const words = { slower: '✗ slower', faster: '✓ faster', same: '✓ as before', unclear: '· not told' };

/** Returns a table of figures. */
export function comparedAsText(all: readonly Compared[]): string {
  const rows = all.map(({ what, before, now, median: middle, low, high, needed, shows }) => [
    what,
    `${before.toFixed(1)} s`,
    `${now.toFixed(1)} s`,
    middle.toFixed(3),
    `${low.toFixed(3)} … ${high.toFixed(3)}`,
    String(needed),
    words[shows],
  ]);
  const head = ['median of', 'before', 'now', 'now/before', '95 % bounds', 'rounds to see 5 %', 'shown'];
  return aligned([head, ...rows]).join('\n');
}

/** Returns the sentence that a comparison ends with, and whether this commit is slower. */
export function verdictOf(all: readonly Compared[], margin: number): { slower: boolean; sentence: string } {
  const percent = `${Math.round(margin * 100)} %`;
  const named = (shown: Compared['shows']) => all.filter(({ shows }) => shows === shown).map(({ what }) => what);
  const [slower, unclear] = [named('slower'), named('unclear')];
  if (slower.length > 0) return { slower: true, sentence: `slower by more than ${percent}: ${slower.join(', ')}` };
  if (unclear.length === 0) return { slower: false, sentence: `not slower by more than ${percent}` };
  const most = Math.max(...all.filter(({ shows }) => shows === 'unclear').map(({ needed }) => needed), leastRounds);
  return {
    slower: false,
    sentence: `no figure is shown to be slower by more than ${percent}; of ${unclear.join(', ')} it is not told: ${most} rounds would tell 5 %`,
  };
}
