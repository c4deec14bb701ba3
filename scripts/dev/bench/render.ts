import { median } from '../../../clusters/text/median.ts';
import type { Figure } from './measure.ts';

/** A table of figures: median, span, count, and where a lower limit is known, how far above it the median is. */
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
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function shown(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(2)} s`;
}
