/** Colours of the pages, by what they are for. Every text colour is legible on every ground of its scheme (4.5:1). */
export interface Palette {
  ground: string;
  panel: string;
  /** Behind code and fields. */
  well: string;
  line: string;
  ink: string;
  quiet: string;
  accent: string;
  passed: string;
  failed: string;
  skipped: string;
}

export const grounds = ['ground', 'panel', 'well'] as const;
export const inks = ['ink', 'quiet', 'accent', 'passed', 'failed', 'skipped'] as const;

export const light: Palette = {
  ground: '#fbfbf9',
  panel: '#ffffff',
  well: '#f3f3ef',
  line: '#dfdfd8',
  ink: '#1a1d21',
  quiet: '#575e67',
  accent: '#2451b7',
  passed: '#17673d',
  failed: '#b0241c',
  skipped: '#7d5200',
};

export const dark: Palette = {
  ground: '#111316',
  panel: '#181b1f',
  well: '#1f2328',
  line: '#343a41',
  ink: '#e9e9e5',
  quiet: '#a3abb5',
  accent: '#93b4ff',
  passed: '#74cf9b',
  failed: '#ff938a',
  skipped: '#e3b566',
};

/**
 * Returns the colours as custom properties: the scheme that the reader's system asks for, unless `data-scheme` says
 * another.
 */
export function paletteCss(): string {
  return [
    `:root{color-scheme:light;${properties(light)}}`,
    `@media (prefers-color-scheme:dark){:root:not([data-scheme="light"]){color-scheme:dark;${properties(dark)}}}`,
    `:root[data-scheme="dark"]{color-scheme:dark;${properties(dark)}}`,
  ].join('\n');
}

function properties(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour};`)
    .join('');
}
