import { expect } from 'chai';
import type { DebianArchive } from '../engine/apt.ts';
import { suiteSources } from './root-file-system.ts';

describe('the sources of the root file system', () => {
  const archive = (path: string, codename: string): DebianArchive => ({
    uri: `http://mirror.example/${path}/`,
    codename,
  });
  const bookworm = [
    archive('debian', 'bookworm'),
    archive('debian', 'bookworm-updates'),
    archive('security', 'bookworm-security'),
  ];
  const trixie = [archive('security', 'trixie-security'), archive('debian', 'trixie')];

  for (const [what, archives, expected] of [
    [
      'of this machine’s own suite, with its updates',
      bookworm,
      ['debian bookworm', 'debian bookworm-updates', 'security bookworm-security'],
    ],
    ['of another suite, from the main archive', trixie, ['debian bookworm']],
    ['where apt knows no Debian: none', [], []],
  ] as const) {
    it(`are those ${what}`, () => {
      const text = suiteSources(archives, 'bookworm');
      const found = [...text.matchAll(/URIs: http:\/\/mirror\.example\/(\w+)\/\nSuites: (\S+)\n/g)];
      expect(found.map(([, path, suite]) => `${path} ${suite}`)).to.deep.equal(expected);
      // An empty line separates entries.
      expect(text === '' ? [] : text.split('\n\n')).to.have.length(expected.length);
    });
  }
});
