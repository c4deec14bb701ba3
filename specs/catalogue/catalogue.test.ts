import { expect } from 'chai';
import { parseChapter } from './catalogue.ts';

describe('a chapter of the catalogue', () => {
  const shared = `level: core, source: 'https://kubernetes.io', refutedBy: 'it is not so'`;
  const parse = (...lines: string[]) => parseChapter({ file: 'catalogue/tiny.yaml', text: lines.join('\n') });

  it('gives what is left out its default', () => {
    const { requirements } = parse('chapter: tiny', 'requirements:', `  - { id: LV-TINY-01, sentence: s, ${shared} }`);
    expect(requirements).to.deep.equal([
      {
        id: 'LV-TINY-01',
        sentence: 's',
        level: 'core',
        rows: [],
        features: [],
        holds: [],
        playsOn: 'all nodes',
        takes: 'seconds',
        source: 'https://kubernetes.io',
        refutedBy: 'it is not so',
      },
    ]);
  });

  it('multiplies the types and cases of a matrix', () => {
    const { requirements } = parse(
      'chapter: tiny',
      'playsOn: one node',
      'matrix:',
      '  prefix: LV-TINY',
      '  types:',
      '    - { key: DIR, name: a directory, rows: [A1] }',
      '    - { key: XFS, name: an xfs disk, features: [xfs] }',
      '  cases:',
      `    - { number: 1, sentence: 'a pod writes to {type}', rows: [A10, A1], ${shared} }`,
      `    - { number: 12, sentence: 'a pod reads {type}', only: [XFS], features: [fsGroup], ${shared} }`,
    );
    expect(requirements.map(({ id, sentence, rows, features }) => ({ id, sentence, rows, features }))).to.deep.equal([
      { id: 'LV-TINY-DIR-01', sentence: 'a pod writes to a directory', rows: ['A1', 'A10'], features: [] },
      { id: 'LV-TINY-XFS-01', sentence: 'a pod writes to an xfs disk', rows: ['A10', 'A1'], features: ['xfs'] },
      { id: 'LV-TINY-XFS-12', sentence: 'a pod reads an xfs disk', rows: [], features: ['xfs', 'fsGroup'] },
    ]);
    expect(requirements[2]).to.deep.include({ pair: { type: 'XFS', case: 12 }, playsOn: 'one node' });
  });

  it('has a chapter say on which nodes its specs play, but for those that say otherwise or are disruptive', () => {
    const one = (id: string, more: string) => `  - { id: ${id}, sentence: s, ${shared}${more} }`;
    const { requirements } = parse(
      'chapter: tiny',
      'playsOn: one node',
      'requirements:',
      one('LV-TINY-01', ''),
      one('LV-TINY-02', ', playsOn: all nodes'),
      one('LV-TINY-03', ', features: [disruptive], holds: [node2]'),
    );
    expect(requirements.map(({ playsOn }) => playsOn)).to.deep.equal(['one node', 'all nodes', 'all nodes']);
  });

  it('refuses an unknown feature, an id that stands twice and an unknown row, with their places', () => {
    const one = (more: string) => `  - { id: LV-TINY-01, sentence: s, ${shared}${more} }`;
    const text = () => parse('chapter: tiny', 'requirements:', one(', features: [blok]'), one(''), one(', rows: [K3]'));
    for (const part of ['"blok" is no feature', 'LV-TINY-01 stands twice', 'tiny.yaml:5']) expect(text).to.throw(part);
  });
});
