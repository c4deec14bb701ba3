import { columnsOf } from '../../../clusters/text/wrap.ts';

/** About how wide a text is drawn, in pixels: nothing measures text without a browser, so it is a little generous. */
export function drawnWidth(text: string, size: number): number {
  return columnsOf(text) * size * 0.535;
}

/** Returns how many columns of a text fit into so many pixels. */
export function columnsIn(pixels: number, size: number, monospace = false): number {
  return Math.max(8, Math.floor(pixels / (size * (monospace ? 0.605 : 0.535))));
}
