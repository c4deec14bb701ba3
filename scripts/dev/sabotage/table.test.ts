import { expect } from 'chai';
import { type Defect, parseDefect } from './defect.ts';
import { judgedBy, nearOf, type Results } from './results.ts';
import { asHtml, asMarkdown, inOneSentence, tableOf } from './table.ts';

const known = ['LV-A-DIR-01', 'LV-A-LOOP-01', 'LV-B-02', 'LV-B-03'].map((id) => ({
  id,
  chapter: id.startsWith('LV-A') ? 'access' : 'binding',
}));
const defect = (name: string, caughtBy: string, near = '[]'): Defect =>
  parseDefect(
    name,
    {
      file: `${name}.yaml`,
      text: `breaks: ${name} is broken\nhow: { kubelet: { featureGates: { G: true } } }\ncaughtBy: ${caughtBy}\nnear: ${near}\n`,
    },
    known,
  );

/** Results in which a defect was judged, and these requirements turned red. */
function results(of: Defect, red: string[], redWithout: string[] = []): Results {
  const judgement = (id: string, is: boolean) =>
    ({ id, outcome: is ? 'red' : 'green', message: `${id} said so`, seconds: 1 }) as const;
  return {
    kubernetes: 'v1.37.2',
    control: Object.fromEntries(known.map(({ id }) => [id, judgement(id, redWithout.includes(id))])),
    defects: {
      [of.name]: { digest: of.digest, judgements: known.map(({ id }) => judgement(id, red.includes(id))), seconds: 9 },
    },
  };
}

describe('what a defect comes to', () => {
  const named = defect('area/named', '["LV-A-*-01", LV-B-02]');
  const cases: [string, string[], string[], string][] = [
    ['one type of a matrix and the other requirement are red', ['LV-A-LOOP-01', 'LV-B-02'], [], 'caught'],
    ['one of those that name it is green', ['LV-A-LOOP-01'], [], 'caught by others'],
    ['others than those that name it are red', ['LV-B-03'], [], 'caught by others'],
    ['nothing is red', [], [], 'survived'],
    ['what is red is red without it, too', ['LV-A-DIR-01', 'LV-B-02'], ['LV-A-DIR-01', 'LV-B-02'], 'survived'],
  ];
  for (const [title, red, without, verdict] of cases) {
    it(`is "${verdict}" where ${title}`, () => {
      expect(judgedBy(named, results(named, red, without), known).verdict).to.equal(verdict);
    });
  }

  const saysNothing = [
    [
      'has only met trouble in its set-up',
      'waiting for PersistentVolume data-1 to be Available or Bound, at most 20 s: Pending',
    ],
    ['was stopped, whatever it was doing', 'running the spec to its end: not through after 90 s'],
    ['was stopped by mocha', 'Timeout of 90000ms exceeded.'],
  ] as const;
  for (const [title, message] of saysNothing) {
    it(`is "survived" where a spec ${title}`, () => {
      const found = results(named, ['LV-B-02']);
      for (const judgement of found.defects[named.name]?.judgements ?? []) judgement.message = message;
      expect(judgedBy(named, found, known).verdict).to.equal('survived');
    });
  }

  it('is "not judged" where it was judged as another defect, or could not be', () => {
    const before = results(named, ['LV-B-02']);
    const [once] = Object.values(before.defects);
    if (once) once.digest = 'another';
    expect(judgedBy(named, before, known).verdict).to.equal('not judged');
    const failed = results(named, []);
    const [result] = Object.values(failed.defects);
    if (result) result.error = 'no cluster';
    expect(judgedBy(named, failed, known)).to.include({ verdict: 'not judged', error: 'no cluster' });
  });

  it('is judged by those that must turn red first, then by those near it, each once', () => {
    expect(nearOf(defect('area/near', '[LV-B-03]', '[binding, LV-A-DIR-01]'), known)).to.deep.equal([
      'LV-B-03',
      'LV-B-02',
      'LV-A-DIR-01',
    ]);
  });
});

describe('the table of defects and requirements', () => {
  const one = defect('area/one', '[LV-B-02]');
  const found = results(one, ['LV-B-02', 'LV-B-03'], ['LV-A-DIR-01']);
  const table = tableOf([judgedBy(one, found, known)], found, known);

  it('counts defects by verdict, and the requirements that were seen red', () => {
    expect(table.counts).to.deep.equal({ caught: 1, 'caught by others': 0, survived: 0, 'not judged': 0 });
    expect(table.requirements.redByName).to.deep.equal(['LV-B-02']);
    expect(table.requirements.neverRed).to.deep.equal(['LV-A-DIR-01', 'LV-A-LOOP-01']);
    expect(table.requirements.redWithoutDefect).to.deep.equal([{ id: 'LV-A-DIR-01', message: 'LV-A-DIR-01 said so' }]);
    expect(inOneSentence(table)).to.equal(
      '1 of 1 defects caught by the requirements that name them; 2 of 4 requirements seen red, 1 of them by a defect that names them',
    );
  });

  it('is a page of Markdown and one of HTML, with what each requirement said', () => {
    const markdown = asMarkdown(table);
    expect(markdown).to.include('| area/one | area/one is broken | caught | **LV-B-02** LV-B-03 |');
    expect(markdown).to.include('| LV-B-02 | area/one | LV-B-02 said so |');
    expect(markdown).to.include('| LV-B-03 | _area/one_ | LV-B-03 said so |');
    const html = asHtml(table);
    expect(html)
      .to.match(/<td class="named" title="LV-B-02, area\/one: LV-B-02 said so">●/)
      .and.to.include('class="other"');
  });
});
