import type { Requirement } from '../../../specs/catalogue/catalogue.ts';

/** A table of how many requirements each chapter has at each level, as lines of text. */
export function catalogueFigures(requirements: readonly Requirement[]): string[] {
  const chapters = [...new Set(requirements.map(({ chapter }) => chapter))];
  const count = (of: readonly Requirement[]): number[] => [
    of.filter(({ level }) => level === 'core').length,
    of.filter(({ level }) => level === 'extended').length,
    of.length,
  ];
  const rows = chapters.map((name) => [name, ...count(requirements.filter(({ chapter }) => chapter === name))]);
  const table = [['chapter', 'core', 'extended', 'all'], ...rows, ['all chapters', ...count(requirements)]];
  return table.map((cells) => {
    const [name = '', ...numbers] = cells.map(String);
    return `${name.padEnd(14)}${numbers.map((number) => number.padStart(10)).join('')}`;
  });
}
