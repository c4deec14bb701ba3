import { expect } from 'chai';
import type { Requirement } from '../catalogue/catalogue.ts';
import { inTurns, locksAmong } from './plan.ts';
import { shuffled } from './seed.ts';

describe('the order of specs', () => {
  const items = Array.from({ length: 200 }, (_, index) => index);

  it('follows from the seed alone, and keeps every spec', () => {
    expect(shuffled(items, 7)).to.deep.equal(shuffled(items, 7));
    expect(shuffled(items, 7)).not.to.deep.equal(shuffled(items, 8));
    expect(shuffled(items, 7).toSorted((a, b) => a - b)).to.deep.equal(items);
  });

  it('favours no place', () => {
    const places = Array.from({ length: 1_000 }, (_, seed) => shuffled(items.slice(0, 4), seed).indexOf(0));
    for (const place of [0, 1, 2, 3])
      expect(places.filter((found) => found === place).length, `place ${place}`).to.be.within(190, 310);
  });
});

const requirement = (id: string, fields: Partial<Requirement> = {}) =>
  ({ id, nodes: 'all', leastNodes: 3, exclusive: [], features: [], ...fields }) as unknown as Requirement;

const disruptive = (...exclusive: string[]) => ({ features: ['disruptive'], exclusive });

describe('the turns of specs', () => {
  const inOrder = (requirements: Requirement[], durations: Record<string, number> = {}) =>
    inTurns(
      requirements.map((one) => ({ requirement: one })),
      new Map(Object.entries(durations)),
    ).map((one) => one.requirement.id);

  it('are: a node for itself, several nodes as they are, nodes disturbed, any node, the whole cluster', () => {
    const requirements = [
      requirement('CLUSTER', disruptive()),
      requirement('ANY', { nodes: 'any', leastNodes: 1 }),
      requirement('ONE', { ...disruptive('oneNode'), nodes: 'any', leastNodes: 2 }),
      requirement('BOTH', disruptive('secondNode', 'thirdNode')),
      requirement('TWO', { nodes: 'any', leastNodes: 2 }),
      requirement('ALL'),
      requirement('OWN', { exclusive: ['firstNode'] }),
    ];
    expect(inOrder(requirements)).to.deep.equal(['OWN', 'TWO', 'ALL', 'BOTH', 'ONE', 'ANY', 'CLUSTER']);
  });

  it('begin with what takes long, alone or with those in the same line, and else keep the order of the seed', () => {
    const ids = ['A', 'B', 'C', 'D', 'E'];
    const requirements = ids.map((id) => requirement(id, { exclusive: ['D', 'E'].includes(id) ? ['disks.yaml'] : [] }));
    expect(inOrder(requirements, { A: 5, B: 7, C: 17, D: 20, E: 14 })).to.deep.equal(['D', 'E', 'C', 'A', 'B']);
  });
});

describe('the locks of specs', () => {
  const nodes = ['node1', 'node2', 'node3'];
  const any = (leastNodes: 1 | 2, fields = {}) => requirement('ANY', { nodes: 'any', leastNodes, ...fields });
  const holder = requirement('ONE', { ...disruptive('oneNode'), nodes: 'any', leastNodes: 2 });
  const inUse = (held: string[], shared: string[] = []) => ({
    held: (thing: string) => held.includes(thing),
    users: (thing: string) => shared.filter((one) => one === thing).length,
  });

  it('give a spec all nodes, and one of them for itself', () => {
    const own = requirement('OWN', { exclusive: ['firstNode'] });
    expect(locksAmong([own, any(1)], nodes)(own, inUse([]))).to.deep.equal({ exclusive: ['node1'], shared: nodes });
  });

  it('give the least used node where none is disturbed', () => {
    const locksOf = locksAmong([any(1)], nodes);
    expect(locksOf(any(1), inUse([], ['node1', 'node1', 'node2'])).assigned).to.deep.equal(['node3']);
  });

  it('give first the nodes that none disturbs, then one that others share, then another that is free', () => {
    const locksOf = locksAmong([holder, any(2)], nodes);
    expect(locksOf(any(1), inUse([], ['node1', 'node1'])).assigned).to.deep.equal(['node1']);
    expect(locksOf(any(2), inUse([], ['node3'])).assigned).to.deep.equal(['node1', 'node3']);
    expect(locksOf(any(2), inUse(['node3'])).assigned).to.deep.equal(['node1', 'node2']);
  });

  it('give one node exclusively that is free, and never that of the control plane', () => {
    const locksOf = locksAmong([holder], nodes);
    const locks = locksOf(holder, inUse(['node2']));
    expect(locks).to.deep.equal({
      exclusive: ['node3'],
      shared: ['node1'],
      assigned: ['node3', 'node1'],
      disturbed: ['node3'],
    });
    expect(locksAmong([holder], ['only'])(holder, inUse([])).exclusive).to.deep.equal(['only']);
  });

  it('leave the nodes to others while something else is waited for', () => {
    const closing = requirement('CLOSES', { ...holder, exclusive: ['oneNode', 'closed-nodes'] });
    const locks = locksAmong([closing], nodes)(closing, inUse(['closed-nodes']));
    expect(locks).to.deep.equal({ exclusive: ['closed-nodes'], shared: [] });
  });
});
