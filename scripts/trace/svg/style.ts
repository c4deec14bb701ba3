import { columnsOf } from '../../../clusters/text/wrap.ts';
import { lanes } from '../../../specs/trace/trace.ts';

/** Colours in the light and in the dark. Text has a contrast of at least 4.5 on the ground and on bands. */
const palette = {
  ground: ['#ffffff', '#12161c'],
  ink: ['#1b1f24', '#e9eef4'],
  dim: ['#59636e', '#9aa7b4'],
  rail: ['#d1d9e0', '#37414d'],
  band: ['#f4f6f9', '#1a2029'],
  bad: ['#c4232b', '#ff7b72'],
  good: ['#16733a', '#56d583'],
  api: ['#0a63c9', '#6cb2ff'],
  controller: ['#7b45d1', '#bd98ff'],
  scheduler: ['#a85300', '#f2a65a'],
  populator: ['#0b6f80', '#4fd0e3'],
  reconciler: ['#16733a', '#5fd68a'],
  runtime: ['#b02a78', '#ff8ccb'],
} as const satisfies Record<string, readonly [light: string, dark: string]>;

type Colour = keyof typeof palette;

/** Returns a declaration with a colour, after one for programs that know no variables, such as librsvg. */
function paint(property: 'fill' | 'stroke', colour: Colour): string {
  return `${property}: ${palette[colour][0]}; ${property}: var(--trace-${colour});`;
}

const sans = 'ui-sans-serif, system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif';
const monospace = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

/**
 * The style of every drawing: a file has it as its one style element, a page with drawings has it once. It loads
 * nothing. A file follows the colour scheme of its reader's system, by the first rule; a drawing in a page that of the
 * page.
 */
export const traceStyle = `
svg:root { color-scheme: light dark; }
.trace-drawing { ${Object.entries(palette)
  .map(([name, [light, dark]]) => `--trace-${name}: light-dark(${light}, ${dark});`)
  .join(' ')} }
.trace-ground { ${paint('fill', 'ground')} }
.trace-band { ${paint('fill', 'band')} }
.trace-empty { fill: none; ${paint('stroke', 'rail')} stroke-width: 1.5; stroke-dasharray: 5 4; }
.trace-rail { fill: none; ${paint('stroke', 'rail')} stroke-width: 2; }
.trace-rail-gap { fill: none; ${paint('stroke', 'rail')} stroke-width: 2; stroke-dasharray: 1 5; stroke-linecap: round; }
.trace-text { ${paint('fill', 'ink')} font: 13px ${sans}; }
.trace-title { ${paint('fill', 'ink')} font: 650 19px ${sans}; letter-spacing: -0.01em; }
.trace-lead { ${paint('fill', 'ink')} font: 14px ${sans}; }
.trace-phase { ${paint('fill', 'ink')} font: 650 12.5px ${sans}; }
.trace-name { font: 600 13px ${sans}; }
.trace-dim { ${paint('fill', 'dim')} font: 12px ${sans}; }
.trace-time { ${paint('fill', 'dim')} font: 12px ${sans}; font-variant-numeric: tabular-nums; }
.trace-apart { ${paint('fill', 'ink')} font-weight: 650; }
.trace-source { ${paint('fill', 'dim')} font: 11px ${sans}; }
.trace-path, .trace-pre { ${paint('fill', 'ink')} font: 11.5px ${monospace}; }
.trace-bad { ${paint('fill', 'bad')} }
.trace-good { ${paint('fill', 'good')} }
.trace-cross { fill: none; ${paint('stroke', 'bad')} stroke-width: 2.6; stroke-linecap: round; }
.trace-way { fill: none; stroke-width: 2; stroke-linecap: round; opacity: 0.6; }
.trace-dot { ${paint('stroke', 'ground')} stroke-width: 2; }
.trace-hollow { ${paint('fill', 'ground')} stroke-width: 1.6; stroke-dasharray: 2.4 2; }
${lanes
  .map(
    ({ id }) =>
      `.trace-${id} .trace-dot, .trace-${id} .trace-name { ${paint('fill', id)} } .trace-${id} .trace-way, .trace-way.trace-${id}, .trace-${id} .trace-hollow { ${paint('stroke', id)} }`,
  )
  .join('\n')}
`.trim();

/** Returns about how wide a text is drawn, in pixels: a little too much, because only a browser could measure it. */
export function drawnWidth(text: string, size: number): number {
  return columnsOf(text) * size * 0.535;
}

/** Returns how many columns of text fit into a width in pixels. */
export function columnsIn(pixels: number, size: number, monospace = false): number {
  return Math.max(8, Math.floor(pixels / (size * (monospace ? 0.605 : 0.535))));
}
