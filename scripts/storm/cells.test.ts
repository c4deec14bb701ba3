import { expect } from 'chai';
import { type Asked, loadText, planCells } from './cells.ts';

const asked = (more: Partial<Asked> = {}): Asked => ({
  nodes: [100],
  claims: [100],
  binding: ['wait'],
  layout: ['shared'],
  classes: 10,
  rate: 50,
  repeat: 1,
  ...more,
});

describe('the cells of a storm', () => {
  it('are every combination, the smallest first', () => {
    const cells = planCells(asked({ nodes: [300, 0], claims: [300, 100], binding: ['wait', 'immediate'] }));
    expect(cells.map(({ claims, nodes, binding }) => [claims, nodes, binding])).to.deep.equal([
      [100, 0, 'wait'],
      [100, 0, 'immediate'],
      [100, 300, 'wait'],
      [100, 300, 'immediate'],
      [300, 0, 'wait'],
      [300, 0, 'immediate'],
      [300, 300, 'wait'],
      [300, 300, 'immediate'],
    ]);
  });

  it('are measured again round after round, all of them in each', () => {
    const cells = planCells(asked({ claims: [100, 200], repeat: 2 }));
    expect(cells.map(({ claims, round }) => [round, claims])).to.deep.equal([
      [1, 100],
      [1, 200],
      [2, 100],
      [2, 200],
    ]);
  });

  it('have several classes only in the layout of that name', () => {
    const cells = planCells(asked({ layout: ['shared', 'classes', 'pinned'] }));
    expect(cells.map(({ classes }) => classes)).to.deep.equal([1, 10, 1]);
    expect(cells.map(loadText)).to.deep.equal([
      '100 claims, 100 nodes, WaitForFirstConsumer, 50/s',
      '100 claims, 100 nodes, WaitForFirstConsumer, 10 classes, 50/s',
      '100 claims, 100 nodes, WaitForFirstConsumer, pinned pods, 50/s',
    ]);
  });

  for (const [what, more, problem] of [
    ['more pods than three kubelets run', { nodes: [0], claims: [301] }, 'no more than 300'],
    ['pinned pods whose claims are bound before', { binding: ['immediate'], layout: ['pinned'] }, 'pinned pods with'],
    ['more classes than claims', { layout: ['classes'], classes: 101 }, '101 classes for 100 claims'],
  ] as const) {
    it(`are refused with ${what}`, () => {
      expect(() => planCells(asked(more)))
        .to.throw(problem)
        .with.property('exit', 'badUsage');
    });
  }
});
