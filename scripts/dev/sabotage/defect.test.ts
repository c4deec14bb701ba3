import { expect } from 'chai';
import { allRequirements } from '../../../specs/catalogue/catalogue.ts';
import { matching, parseDefect, readDefects } from './defect.ts';

const known = [
  { id: 'LV-BIND-11', chapter: 'binding' },
  { id: 'LV-ACCESS-DIR-04', chapter: 'access' },
  { id: 'LV-ACCESS-LOOP-04', chapter: 'access' },
];
const read = (text: string) => parseDefect('binder/one', { file: 'one.yaml', text }, known);
const patch = `
breaks: A bound claim has no say
how:
  patch:
    - file: pkg/scheduler/binder.go
      original: if a {
      replacement: if a && !switched {
caughtBy: [LV-BIND-11]
`;

describe('a defect as data', () => {
  it('says what it breaks, how, and which requirements must turn red', () => {
    const defect = read(patch);
    expect(defect).to.deep.include({ name: 'binder/one', breaks: 'A bound claim has no say', near: [], spoils: [] });
    expect(defect.digest).to.equal(read(patch.replace('has no say', 'is not asked')).digest);
    expect(defect.digest).not.to.equal(read(patch.replace('if a &&', 'if a ||')).digest);
  });

  const refused: [string, string, RegExp][] = [
    [
      'a requirement that does not exist',
      patch.replace('LV-BIND-11', 'LV-BIND-99'),
      /one\.yaml:8:12: caughtBy\[0\]: no req/,
    ],
    ['no requirement at all', patch.replace('[LV-BIND-11]', '[]'), /caughtBy: the list is empty/],
    ['a change without a switch', patch.replace('!switched', '!b'), /patch\[0\]\.replacement: .*`switched`/],
    [
      'two ways at once',
      `${patch}`.replace('how:', 'how:\n  kubelet: { featureGates: { A: true } }'),
      /how: has patch and kubelet/,
    ],
    ['no way', 'breaks: x\nhow: {}\ncaughtBy: [LV-BIND-11]\n', /how: has none; one of patch/],
    ['an unknown key', `${patch}caughtby: []\n`, /caughtby is not a key.*caughtBy/],
  ];
  for (const [title, text, message] of refused) {
    it(`is refused with ${title}, with file, line and key`, () => {
      expect(() => read(text)).to.throw(message);
    });
  }

  it('finds requirements by id, by pattern and by chapter', () => {
    expect(matching('LV-ACCESS-*-04', known)).to.deep.equal(['LV-ACCESS-DIR-04', 'LV-ACCESS-LOOP-04']);
    expect(matching('access', known)).to.have.lengthOf(2);
    expect(matching('LV-BIND-1', known)).to.deep.equal([]);
  });

  it('is read for all of this folder, and names requirements of the catalogue', async function () {
    this.timeout(20_000);
    const defects = await readDefects(allRequirements());
    expect(defects.length).to.be.at.least(60);
    expect(new Set(defects.map(({ breaks }) => breaks)).size, 'each breaks something else').to.equal(defects.length);
  });
});
