import { expect } from 'chai';
import { parseChapter } from './catalogue.ts';

describe('a chapter of the catalogue', () => {
  const shared = `level: core, source: 'https://kubernetes.io', failsIf: 'it is not so'`;
  const parse = (...lines: string[]) => parseChapter('tiny', { file: 'tiny/catalogue.yaml', text: lines.join('\n') });

  it('gives what is left out its default', () => {
    const { requirements } = parse('requirements:', `  - { id: LV-TINY-01, sentence: s, ${shared} }`);
    expect(requirements).to.deep.equal([
      {
        id: 'LV-TINY-01',
        chapter: 'tiny',
        sentence: 's',
        level: 'core',
        subject: 'kubernetes',
        upstream: [],
        features: [],
        exclusive: [],
        nodes: 'all',
        needs: ['api'],
        leastNodes: 3,
        source: 'https://kubernetes.io',
        failsIf: 'it is not so',
      },
    ]);
  });

  it('multiplies the types and cases of a matrix', () => {
    const { requirements } = parse(
      'nodes: any',
      'matrix:',
      '  types:',
      '    - { key: DIR, name: a directory, upstream: [A1] }',
      '    - { key: XFS, name: an xfs disk, features: [xfs] }',
      '  cases:',
      `    - { id: LV-TINY-*-01, sentence: 'a pod writes to {type}', upstream: [A10, A1], ${shared} }`,
      `    - { id: LV-TINY-*-12, sentence: 'a pod reads {type}', only: [XFS], features: [fsGroup], ${shared} }`,
      `    - { id: LV-TINY-XFS-13, sentence: '{type} alone', ${shared} }`,
    );
    expect(
      requirements.map(({ id, sentence, upstream, features }) => ({ id, sentence, upstream, features })),
    ).to.deep.equal([
      { id: 'LV-TINY-DIR-01', sentence: 'a pod writes to a directory', upstream: ['A1', 'A10'], features: [] },
      { id: 'LV-TINY-XFS-01', sentence: 'a pod writes to an xfs disk', upstream: ['A10', 'A1'], features: ['xfs'] },
      { id: 'LV-TINY-XFS-12', sentence: 'a pod reads an xfs disk', upstream: [], features: ['xfs', 'fsGroup'] },
      { id: 'LV-TINY-XFS-13', sentence: 'an xfs disk alone', upstream: [], features: ['xfs'] },
    ]);
    expect(requirements[2]).to.deep.include({ pair: { type: 'XFS', case: 'LV-TINY-*-12' }, nodes: 'any' });
  });

  it('takes the nodes from its chapter, except where a requirement gives its own or is disruptive', () => {
    const one = (id: string, more: string) => `  - { id: ${id}, sentence: s, ${shared}${more} }`;
    const { requirements } = parse(
      'nodes: any',
      'requirements:',
      one('LV-TINY-01', ''),
      one('LV-TINY-02', ', nodes: all'),
      one('LV-TINY-03', ', features: [disruptive], exclusive: [secondNode]'),
      one('LV-TINY-04', ', features: [disruptive], exclusive: [oneNode]'),
    );
    expect(requirements.map(({ nodes }) => nodes)).to.deep.equal(['any', 'all', 'all', 'any']);
    expect(requirements.map(({ leastNodes }) => leastNodes)).to.deep.equal([1, 3, 3, 2]);
  });

  it('takes the number of nodes from its chapter, except where any one will do or a requirement gives its own', () => {
    const one = (id: string, more: string) => `  - { id: ${id}, sentence: s, ${shared}${more} }`;
    const { requirements } = parse(
      'leastNodes: 2',
      'requirements:',
      one('LV-TINY-01', ''),
      one('LV-TINY-02', ', nodes: any'),
      one('LV-TINY-03', ', leastNodes: 3'),
    );
    expect(requirements.map(({ leastNodes }) => leastNodes)).to.deep.equal([2, 1, 3]);
    expect(() => parse('requirements:', one('LV-TINY-01', ', leastNodes: 4'))).to.throw('leastNodes');
  });

  it('takes the subject from its chapter, except where a requirement gives its own', () => {
    const one = (id: string, more = '') => `  - { id: ${id}, sentence: s, ${shared}${more} }`;
    const subjectsOf = (...lines: string[]) => parse(...lines).requirements.map(({ subject }) => subject);
    expect(subjectsOf('requirements:', one('LV-TINY-01'))).to.deep.equal(['kubernetes']);
    const own = one('LV-TINY-02', ', subject: kubernetes');
    expect(subjectsOf('subject: provisioner', 'requirements:', one('LV-TINY-01'), own)).to.deep.equal([
      'provisioner',
      'kubernetes',
    ]);
  });

  it('takes the needs from its chapter, except where a requirement gives its own, and adds what its features imply', () => {
    const one = (id: string, more = '') => `  - { id: ${id}, sentence: s, ${shared}${more} }`;
    const needsOf = (...lines: string[]) => parse(...lines).requirements.map(({ needs }) => needs);
    const own = one('LV-TINY-02', ', needs: [nodes, agent]');
    const byFeature = one('LV-TINY-03', ', features: [xfs]');
    expect(needsOf('requirements:', one('LV-TINY-01'), own, byFeature)).to.deep.equal([
      ['api'],
      ['agent', 'nodes'],
      ['agent'],
    ]);
    expect(needsOf('needs: [control-plane]', 'requirements:', one('LV-TINY-01'), own, byFeature)).to.deep.equal([
      ['control-plane'],
      ['agent', 'nodes'],
      ['agent', 'control-plane'],
    ]);
    const types = ['  types: [{ key: DIR, name: a directory }, { key: XFS, name: xfs, features: [xfs] }]'];
    const cases = [`  cases: [{ id: LV-TINY-*-01, sentence: 'a pod has {type}', ${shared} }]`];
    expect(needsOf('matrix:', ...types, ...cases)).to.deep.equal([['api'], ['agent']]);
  });

  it('refuses needs that are unknown, contradict each other, or leave out what a feature implies, with their places', () => {
    const needing =
      (needs: string, more = '') =>
      () =>
        parse('requirements:', `  - { id: LV-TINY-01, sentence: s, ${shared}, needs: ${needs}${more} }`);
    expect(needing('[agents]')).to.throw('did you mean agent?').with.property('message').that.includes('needs[0]');
    expect(needing('[api, agent]')).to.throw('api stands alone');
    expect(needing('[]')).to.throw('the list is empty');
    expect(needing('[api]', ', features: [xfs]'))
      .to.throw('the feature xfs needs agent')
      .with.property('message')
      .that.matches(/catalogue\.yaml:2:\d+.*requirements\[0\]\.needs/);
  });

  it('refuses a known issue without an address, its minors, or what happens instead', () => {
    const issue = (text: string) => () =>
      parse('requirements:', `  - { id: LV-TINY-01, sentence: s, ${shared}, knownIssue: { ${text} } }`);
    const url = 'url: https://github.com/kubernetes/kubernetes/issues/1';
    expect(issue(`${url}, minors: ["1.37"], instead: it waits`)).not.to.throw();
    expect(issue(`url: kubernetes#1, minors: ["1.37"], instead: it waits`)).to.throw('knownIssue.url');
    expect(issue(`${url}, minors: [], instead: it waits`)).to.throw('knownIssue.minors');
    expect(issue(`${url}, minors: [v1.37.2], instead: it waits`)).to.throw('knownIssue.minors[0]');
    expect(issue(`${url}, minors: ["1.37"]`)).to.throw('knownIssue.instead');
  });

  it('refuses an unknown feature, an id that occurs twice and an unknown row, with their places', () => {
    const one = (more: string) => `  - { id: LV-TINY-01, sentence: s, ${shared}${more} }`;
    const text = () => parse('requirements:', one(', features: [blok]'), one(''), one(', upstream: [K3]'));
    for (const part of ['"blok" is no feature', 'LV-TINY-01 occurs twice', 'catalogue.yaml:4'])
      expect(text).to.throw(part);
  });
});
