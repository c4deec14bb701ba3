import { expect } from 'chai';
import { DomainError } from '../../clusters/domain-error.ts';
import { lineOfTitle, parseSelection, selects } from './spec-selection.ts';

describe('selecting specs', () => {
  const spec = (id: string, title: string) => ({ id, title, chapter: 'the scenario', file: 'x.spec.ts' });
  const specs = [spec('SEED-1', 'a Claim gives a pod a directory'), spec('SEED-10', 'data stay'), spec('BIND-2', 'x')];
  for (const [grep, ids] of [
    [undefined, ['SEED-1', 'SEED-10', 'BIND-2']],
    ['SEED-1', ['SEED-1']],
    ['seed-1', ['SEED-1']],
    ['SEED-10, bind-2', ['SEED-10', 'BIND-2']],
    ['claim gives', ['SEED-1']],
    ['seed', ['SEED-1', 'SEED-10']],
    ['SCENARIO', ['SEED-1', 'SEED-10', 'BIND-2']],
    ['/seed-\\d\\d|^bind/', ['SEED-10', 'BIND-2']],
    ['a (claim', []],
  ] as const) {
    it(`by ${grep ?? 'nothing'} takes ${ids.join(', ') || 'none'}`, () => {
      const selection = parseSelection(grep);
      expect(specs.filter((one) => selects(selection, one)).map(({ id }) => id)).to.deep.equal(ids);
    });
  }

  it('refuses a pattern that is not a regular expression', () => {
    expect(() => parseSelection('/(/'))
      .to.throw(DomainError)
      .with.property('exit', 'badUsage');
  });
});

it('the line of a spec is where its title stands, if it stands anywhere', () => {
  const source = "describe('x', () => {\n  it('SEED-1 a claim', () => {});\n});";
  expect(lineOfTitle(source, 'SEED-1 a claim')).to.equal(2);
  expect(lineOfTitle(source, 'SEED-2 a claim')).to.equal(undefined);
});
