import { median } from '../../../clusters/text/collections.ts';
import { aligned } from '../../../specs/diagnosis/text.ts';

/** One thing that was measured, once or several times. */
export interface Figure {
  what: string;
  seconds: number[];
  /** What source code and waits of Kubernetes allow at best, in seconds. */
  lowerLimit?: number;
  /** What the README promises for the median, in seconds. */
  target?: number;
}

/** Returns a table of figures: median, span, count, and the ratio of the median to a known lower limit. */
export function renderFigures(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, seconds, lowerLimit, target }) => {
    const middle = median(seconds);
    return [
      what,
      shown(middle),
      seconds.length > 1 ? `${shown(Math.min(...seconds))} … ${shown(Math.max(...seconds))}` : '',
      String(seconds.length),
      lowerLimit === undefined ? '' : `${(middle / lowerLimit).toFixed(1)} × ${shown(lowerLimit)}`,
      target === undefined ? '' : `${middle <= target ? '✓' : '✗'} ≤ ${shown(target)}`,
    ];
  });
  const head = ['what', 'median', 'from … to', 'n', 'lower limit', 'promised'];
  return aligned([head, ...rows]).join('\n');
}

function shown(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(2)} s`;
}
