import { expect } from 'chai';
import { type Change, patched } from './kubernetes-tree.ts';

const file = 'pkg/volume/local/local.go';
const source = [
  'package local',
  '',
  'import "fmt"',
  '',
  'func mount() error {',
  '\tif a {',
  '\t\treturn nil',
  '\t}',
  '\treturn fmt.Errorf("no")',
  '}',
  '',
].join('\n');
const change = (original: string, replacement: string, defect = 'local-plugin/one'): Change => ({
  file,
  original,
  replacement,
  defect,
});

describe('patching a file of Kubernetes', () => {
  it('puts the change behind the switch of its defect, and imports the switch', () => {
    const text = patched(file, source, [change('if a {', 'if a && !switched {')]);
    expect(text).to.include('if a && !sabotage.On("local-plugin/one") {');
    expect(text).to.match(/^package local\n\nimport "k8s.io\/sabotage"\n/);
  });

  it('makes all changes of a file against what was published, in any order', () => {
    const one = change('if a {', 'if a || switched {');
    const other = change('return nil', 'if !switched { return nil }', 'local-plugin/other');
    const text = patched(file, source, [other, one]);
    expect(text).to.equal(patched(file, source, [one, other]));
    expect(text).to.include('sabotage.On("local-plugin/other")');
  });

  const refused: [string, Change[], RegExp][] = [
    ['an original that is absent', [change('if b {', 'if switched {')], /does not stand in it.*if b \{/s],
    ['an original that stands there twice', [change('return', 'switched')], /more than once/],
    [
      'originals that overlap',
      [change('if a {\n', 'switched'), change('a {', 'switched', 'x/y')],
      /one and x\/y.*overlap/s,
    ],
  ];
  for (const [title, changes, text] of refused) {
    it(`refuses ${title}`, () => {
      expect(() => patched(file, source, changes)).to.throw(text);
    });
  }
});
