import { expect } from 'chai';
import type { NodeSelectorRequirement } from './node-affinity.ts';
import {
  labelMismatches,
  matchesSelector,
  selectorMismatches,
  selectorText,
  volumeMismatches,
} from './node-affinity.ts';

const node = { metadata: { name: 'node2', labels: { diskType: 'ssd', slots: '8', empty: '' } } };
const term = (...matchExpressions: NodeSelectorRequirement[]): { matchExpressions: NodeSelectorRequirement[] } => ({
  matchExpressions,
});
const wants = (key: string, operator: string, ...values: string[]): NodeSelectorRequirement => ({
  key,
  operator,
  values,
});

describe('node affinity', () => {
  const cases: [string, NodeSelectorRequirement, boolean][] = [
    ['In, listed', wants('diskType', 'In', 'hdd', 'ssd'), true],
    ['In, not listed', wants('diskType', 'In', 'hdd'), false],
    ['In, no such label', wants('rack', 'In', 'r1'), false],
    ['In, an empty value is a value', wants('empty', 'In', ''), true],
    ['NotIn, not listed', wants('diskType', 'NotIn', 'hdd'), true],
    ['NotIn, listed', wants('diskType', 'NotIn', 'ssd'), false],
    ['NotIn, no such label', wants('rack', 'NotIn', 'r1'), true],
    ['Exists', wants('empty', 'Exists'), true],
    ['Exists, no such label', wants('rack', 'Exists'), false],
    ['DoesNotExist', wants('rack', 'DoesNotExist'), true],
    ['DoesNotExist, there', wants('diskType', 'DoesNotExist'), false],
    ['Gt', wants('slots', 'Gt', '7'), true],
    ['Gt, equal', wants('slots', 'Gt', '8'), false],
    ['Gt, by number and not by text', wants('slots', 'Gt', '10'), false],
    ['Gt, no number', wants('diskType', 'Gt', '1'), false],
    ['Lt', wants('slots', 'Lt', '10'), true],
    ['Lt, equal', wants('slots', 'Lt', '8'), false],
    ['Lt, no such label', wants('rack', 'Lt', '10'), false],
    ['an operator that does not exist', wants('diskType', 'Near', 'ssd'), false],
  ];
  for (const [name, requirement, expected] of cases) {
    it(`${expected ? 'matches' : 'does not match'}: ${name}`, () => {
      expect(matchesSelector(node, { nodeSelectorTerms: [term(requirement)] })).to.equal(expected);
    });
  }

  it('needs one term of several', () => {
    const terms = [term(wants('diskType', 'In', 'hdd')), term(wants('slots', 'Exists'))];
    expect(matchesSelector(node, { nodeSelectorTerms: terms })).to.equal(true);
  });

  it('needs every expression of a term', () => {
    const terms = [term(wants('diskType', 'In', 'ssd'), wants('rack', 'Exists'))];
    expect(matchesSelector(node, { nodeSelectorTerms: terms })).to.equal(false);
  });

  it('matches nothing by an empty term or no terms, everything without a selector', () => {
    expect(matchesSelector(node, { nodeSelectorTerms: [{}] })).to.equal(false);
    expect(matchesSelector(node, { nodeSelectorTerms: [] })).to.equal(false);
    expect(matchesSelector(node, { nodeSelectorTerms: [{}, term(wants('slots', 'Exists'))] })).to.equal(true);
    expect(matchesSelector(node, undefined)).to.equal(true);
  });

  it('matches the node name by a field', () => {
    const named = (name: string) => ({ nodeSelectorTerms: [{ matchFields: [wants('metadata.name', 'In', name)] }] });
    expect(matchesSelector(node, named('node2'))).to.equal(true);
    expect(matchesSelector(node, named('node3'))).to.equal(false);
  });

  it('says for each term what is missing', () => {
    const terms = [term(wants('diskType', 'In', 'hdd'), wants('slots', 'Gt', '9')), term(wants('rack', 'Exists'))];
    expect(selectorMismatches(node, { nodeSelectorTerms: terms })).to.deep.equal([
      { has: 'diskType=ssd', wanted: 'In [hdd]' },
      { has: 'slots=8', wanted: 'Gt 9' },
      { has: 'no label rack', wanted: 'Exists' },
    ]);
    expect(selectorMismatches(node, { nodeSelectorTerms: [term(wants('slots', 'Exists'))] })).to.deep.equal([]);
    expect(labelMismatches(node, { diskType: 'hdd', rack: 'r1', slots: '8' })).to.deep.equal([
      { has: 'diskType=ssd', wanted: 'hdd' },
      { has: 'no label rack', wanted: 'r1' },
    ]);
  });

  it('reads as one line', () => {
    const terms = [
      term(wants('diskType', 'In', 'ssd'), wants('slots', 'Gt', '4')),
      term({ key: 'rack', operator: 'Exists' }),
    ];
    expect(selectorText({ nodeSelectorTerms: terms })).to.equal('diskType In [ssd] and slots Gt 4, or rack Exists');
    expect(selectorText(undefined)).to.equal('any node');
    expect(selectorText({ nodeSelectorTerms: [{}] })).to.equal('no node (an empty term)');
  });
});

describe('the node affinity of a volume', () => {
  const node = { metadata: { name: 'node2', labels: { diskType: 'ssd' } } };
  const field = { key: 'metadata.name', operator: 'In' as const, values: ['node3'] };
  const expression = { key: 'diskType', operator: 'In' as const, values: ['hdd'] };

  it('passes over fields, as Kubernetes does, and so admits every node where there is nothing else', () => {
    expect(volumeMismatches(node, { nodeSelectorTerms: [{ matchFields: [field] }] })).to.deep.equal([]);
    expect(
      volumeMismatches(node, { nodeSelectorTerms: [{ matchFields: [field], matchExpressions: [expression] }] }),
    ).to.deep.equal([{ has: 'diskType=ssd', wanted: 'In [hdd]' }]);
  });
});
