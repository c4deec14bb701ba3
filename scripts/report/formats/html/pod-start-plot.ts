import { median } from '../../../../clusters/text/collections.ts';
import { html, type Markup } from '../../../../clusters/text/markup.ts';

/** A pod start against what Kubernetes allows at best. */
export interface PlottedStart {
  requirement: string;
  milliseconds: number;
  lowerLimit: number;
}

const size = { width: 380, height: 300, left: 40, right: 8, top: 34, bottom: 34 };
const marks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
/** More dots than this would only lie on each other. */
const mostDots = 1_200;

/** Returns the least and the greatest ratio that plots side by side have to show; 1 is always among them. */
export function ratioRange(starts: readonly PlottedStart[]): readonly [least: number, greatest: number] {
  const ratios = starts.map(({ milliseconds, lowerLimit }) => milliseconds / lowerLimit);
  const below = marks.filter((mark) => mark <= Math.min(1, ...ratios)).at(-1) ?? 0.1;
  const above = marks.find((mark) => mark >= Math.max(2, ...ratios)) ?? 1000;
  return [below === 1 ? 0.8 : below, above];
}

/**
 * Pod starts of one lower limit: a dot for each, in the order of the requirements; upwards how many times the lower
 * limit it took, on a logarithmic scale; a line at the limit and at the median.
 */
export function podStartPlot(
  id: string,
  starts: readonly PlottedStart[],
  [least, greatest]: readonly [number, number],
): Markup {
  const { width, height, left, right, top, bottom } = size;
  const inner = { width: width - left - right, height: height - top - bottom };
  const scale = Math.log(greatest / least);
  const y = (ratio: number) => {
    const within = Math.min(greatest, Math.max(least, ratio));
    return rounded(top + inner.height * (1 - Math.log(within / least) / scale));
  };
  const x = (index: number) => rounded(left + (inner.width * (index + 0.5)) / starts.length);
  const ratios = starts.map(({ milliseconds, lowerLimit }) => milliseconds / lowerLimit);
  const middle = median(ratios);
  const limit = seconds(starts[0]?.lowerLimit ?? 0);
  const every = Math.ceil(starts.length / mostDots);
  const line = (ratio: number, css: string, dashes?: string) =>
    html`<line class="${css}" x1="${left}" x2="${width - right}" y1="${y(ratio)}" y2="${y(ratio)}"${dashes !== undefined && html` stroke-dasharray="${dashes}"`}/>`;
  const ticks = marks.filter((mark) => mark >= least && mark <= greatest);
  return html`<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-words">
<title id="${id}-title">Pod starts against the lower limit of ${limit}</title>
<desc id="${id}-words">${starts.length} pods, from created to Ready: half of them took at most ${times(middle)} the lower limit; the fastest ${times(Math.min(...ratios))}, the slowest ${times(Math.max(...ratios))}.</desc>
<text x="0" y="14">time ÷ lower limit</text>
${ticks.map((mark) => html`${mark !== 1 && line(mark, 'grid')}<text x="${left - 8}" y="${y(mark) + 4}" text-anchor="end">${mark} ×</text>`)}
${line(1, 'limit', '4 3')}
<text x="${width - right}" y="${y(1) + 15}" text-anchor="end">lower limit, ${limit}</text>
${starts.map((start, index) =>
  index % every === 0
    ? html`<circle class="dot" cx="${x(index)}" cy="${y(start.milliseconds / start.lowerLimit)}" r="3"><title>${start.requirement}: ${seconds(start.milliseconds)}, ${times(start.milliseconds / start.lowerLimit)}</title></circle>`
    : undefined,
)}
${line(middle, 'median')}
<text class="strong" x="${width - right}" y="14" text-anchor="end">— median ${times(middle)}</text>
<text x="${left}" y="${height - 8}">${starts.length} pods, in the order of the requirements →</text>
</svg>`;
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

export function times(ratio: number): string {
  return `${ratio.toFixed(1)} ×`;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
