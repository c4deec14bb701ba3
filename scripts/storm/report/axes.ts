import { html, type Markup } from '../../../clusters/text/markup.ts';

/** The room of a plot, in the units of its drawing. */
export const room = { width: 420, height: 300, left: 52, right: 12, top: 30, bottom: 40 };

/** One axis: where values are, and which of them are written. */
export interface Axis {
  name: string;
  at(value: number): number;
  ticks: readonly { value: number; text: string }[];
}

type Direction = 'across' | 'up';

/** More values than this would lie on each other where they are written. */
const mostWritten = 6;

/**
 * Returns a logarithmic axis that has all values, from one power of ten to another. Written are the powers; with `each`
 * the values themselves, where they are few.
 */
export function logarithmic(name: string, values: readonly number[], direction: Direction, each = false): Axis {
  const positive = [...new Set(values.filter((value) => value > 0))].sort((a, b) => a - b);
  const low = Math.floor(Math.log10(positive[0] ?? 1) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(positive.at(-1) ?? 1) - 1e-9));
  const powers = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
  return {
    name,
    at: (value) => placed((Math.log10(value) - low) / (high - low), direction),
    ticks: (each && positive.length <= mostWritten ? positive : powers).map((value) => ({
      value,
      text: shortNumber(value),
    })),
  };
}

/** Returns a linear axis from 0 that has all values. */
export function linear(name: string, values: readonly number[], direction: Direction): Axis {
  const most = Math.max(1e-9, ...values);
  const power = 10 ** Math.floor(Math.log10(most));
  const step = power * ([0.2, 0.5, 1, 2].find((part) => most / (power * part) <= 5) ?? 2);
  const end = Math.ceil(most / step) * step;
  const count = Math.round(end / step);
  return {
    name,
    at: (value) => placed(value / end, direction),
    ticks: Array.from({ length: count + 1 }, (_, index) => ({ value: index * step, text: shortNumber(index * step) })),
  };
}

/** Returns the grid and the numbers of both axes. */
export function frame(across: Axis, up: Axis): Markup {
  const { width, left, right } = room;
  return html`<text x="0" y="14">${up.name}</text>
${up.ticks.map(
  ({ value, text }) =>
    html`<line class="grid" x1="${left}" x2="${width - right}" y1="${up.at(value)}" y2="${up.at(value)}"/><text x="${left - 8}" y="${up.at(value) + 4}" text-anchor="end">${text}</text>`,
)}
${frameAcross(across)}`;
}

/** Returns the grid and the numbers of the axis across alone. */
export function frameAcross(across: Axis): Markup {
  const { width, height, right, top, bottom } = room;
  return html`${across.ticks.map(
    ({ value, text }) =>
      html`<line class="grid" x1="${across.at(value)}" x2="${across.at(value)}" y1="${top}" y2="${height - bottom}"/><text x="${across.at(value)}" y="${height - bottom + 16}" text-anchor="middle">${text}</text>`,
  )}
<text x="${width - right}" y="${height - 6}" text-anchor="end">${across.name}</text>`;
}

/** Returns a plot with its title and its words, for readers who see no picture. */
export function plot(id: string, { title, words }: { title: string; words: string }, content: Markup): Markup {
  return html`<svg class="plot" viewBox="0 0 ${room.width} ${room.height}" role="img" aria-labelledby="${id}-title ${id}-words">
<title id="${id}-title">${title}</title>
<desc id="${id}-words">${words}</desc>
${content}
</svg>`;
}

/** Returns `M x y L x y …` through points on two axes. */
export function path(points: readonly (readonly [x: number, y: number])[], across: Axis, up: Axis): string {
  return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'} ${across.at(x)} ${up.at(y)}`).join(' ');
}

function placed(part: number, direction: Direction): number {
  const { width, height, left, right, top, bottom } = room;
  const at =
    direction === 'across' ? left + (width - left - right) * part : height - bottom - (height - top - bottom) * part;
  return Math.round(at * 10) / 10;
}

function shortNumber(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}
