import type { Figure } from './measure.ts';

/** The middle value; the mean of the two in the middle where there is none. NaN for nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? Number.NaN)) / 2 : upper;
}

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
