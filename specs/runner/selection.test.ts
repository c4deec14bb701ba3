import { expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { Requirement } from '../catalogue/catalogue.ts';
import { chooseBy, parseSelection, selects } from './selection.ts';

describe('selecting specs', () => {
  const spec = (id: string, sentence: string) => ({ id, sentence, chapter: 'the scenario' });
  const specs = [spec('SEED-1', 'a Claim gives a pod a directory'), spec('SEED-10', 'data stay'), spec('BIND-2', 'x')];
  for (const [grep, ids] of [
    [undefined, ['SEED-1', 'SEED-10', 'BIND-2']],
    ['SEED-1', ['SEED-1']],
    ['seed-1', ['SEED-1']],
    ['SEED-10, bind-2', ['SEED-10', 'BIND-2']],
    ['seed-*', ['SEED-1', 'SEED-10']],
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

describe('choosing requirements', () => {
  const entry = (id: string, more: Partial<Requirement>): Requirement => ({
    id,
    sentence: 'a claim is bound',
    chapter: 'binding',
    level: 'core',
    subject: 'kubernetes',
    upstream: [],
    features: [],
    exclusive: [],
    nodes: 'all' as const,
    needs: ['api'] as const,
    leastNodes: 1 as const,
    source: 'x',
    failsIf: 'y',
    ...more,
  });
  const catalogue = [
    entry('LV-BIND-1', { upstream: ['B1'] }),
    entry('LV-BIND-2', { level: 'extended', features: ['block'] }),
    entry('LV-BLOCK-1', {
      chapter: 'block',
      features: ['block'],
      needs: ['agent', 'nodes'],
      sentence: 'a device is a device',
    }),
  ];
  const chosen = (filters: Parameters<typeof chooseBy>[0]) =>
    catalogue.filter(chooseBy(filters, catalogue).takes).map(({ id }) => id);

  it('takes what passes all filters, whatever the case of letters', () => {
    expect(chosen({})).to.deep.equal(['LV-BIND-1', 'LV-BIND-2', 'LV-BLOCK-1']);
    expect(chosen({ chapter: ['Binding'] })).to.deep.equal(['LV-BIND-1', 'LV-BIND-2']);
    expect(chosen({ chapter: ['binding', 'block'] })).to.deep.equal(['LV-BIND-1', 'LV-BIND-2', 'LV-BLOCK-1']);
    expect(chosen({ chapter: ['binding'], feature: 'block' })).to.deep.equal(['LV-BIND-2']);
    expect(chosen({ needs: 'api' })).to.deep.equal(['LV-BIND-1', 'LV-BIND-2']);
    expect(chosen({ needs: 'nodes' })).to.deep.equal(['LV-BLOCK-1']);
    expect(chosen({ row: 'b1' })).to.deep.equal(['LV-BIND-1']);
    expect(chosen({ level: 'core', grep: 'device' })).to.deep.equal(['LV-BLOCK-1']);
  });

  it('says how it was asked', () => {
    expect(chooseBy({ grep: 'x', level: 'core' }, catalogue).asked).to.equal('--grep x --level core');
  });

  it('refuses what no requirement has, and names the nearest', () => {
    expect(() => chooseBy({ chapter: ['block', 'bindings', 'blocks'] }, catalogue)).to.throw(
      DomainError,
      /bindings\n.*blocks\n.*mean binding\?\n.*mean block\?/,
    );
  });

  it('refuses an id that no requirement has, also beside ids that are known', () => {
    const refused = (grep: string) => expect(() => chooseBy({ grep }, catalogue)).to.throw(DomainError);
    refused('LV-BIND-1,LV-BIDN-2').with.property('exit', 'badUsage');
    refused('LV-BIND-1,LV-BIDN-2')
      .with.property('message')
      .that.matches(/the id LV-BIDN-2\n.*did you mean LV-BIND-2\?/);
    refused('LV-BIND-1,SCENARIO-7').with.property('message').that.includes('npm run lpv -- list shows every id');
    refused('LV-BIND-*,LV-NODE-*').with.property('message').that.includes('the id LV-NODE-*');
    expect(chosen({ grep: 'LV-BIND-*' })).to.deep.equal(['LV-BIND-1', 'LV-BIND-2']);
  });
});
