import { expect } from 'chai';
import { dark, grounds, inks, light, paletteCss } from './palette.ts';

/** Relative luminance after WCAG 2. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

describe('palette', () => {
  for (const [name, palette] of Object.entries({ light, dark })) {
    it(`is legible in the ${name} scheme: every ink on every ground has a contrast of 4.5:1 or more`, () => {
      for (const ink of inks) {
        for (const ground of grounds) {
          expect(contrast(palette[ink], palette[ground]), `${ink} on ${ground}`).to.be.at.least(4.5);
        }
      }
    });
  }

  it('follows the system unless a scheme is chosen', () => {
    expect(paletteCss()).to.match(/prefers-color-scheme:dark\)\{:root:not\(\[data-scheme="light"\]\)/);
    expect(paletteCss()).to.include(`:root[data-scheme="dark"]{color-scheme:dark;--ground:${dark.ground};`);
  });
});
