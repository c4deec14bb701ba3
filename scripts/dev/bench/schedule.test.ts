import { expect } from 'chai';
import type { Requirement } from '../../../specs/catalogue/catalogue.ts';
import { lowerBounds } from '../../../specs/runner/bounds.ts';
import { occupation, phasesOf, simulate } from './schedule.ts';

const nodes = ['node1', 'node2', 'node3'];

type Fields = Partial<Pick<Requirement, 'nodes' | 'exclusive' | 'group' | 'features' | 'leastNodes'>>;

function spec(id: string, seconds: number, fields: Fields = {}) {
  const requirement = {
    id,
    nodes: 'all',
    exclusive: [],
    features: [],
    leastNodes: 1,
    ...fields,
  } as unknown as Requirement;
  return { requirement, seconds, began: 0 };
}

const disruptive = (...exclusive: string[]): Fields => ({ features: ['disruptive'], exclusive });

describe('the schedule of a run', () => {
  const specs = [
    spec('ALL', 10),
    spec('SHORT', 4),
    spec('ANY', 6, { nodes: 'any' }),
    spec('NODE3', 20, disruptive('thirdNode')),
    spec('NODE3-TOO', 5, disruptive('thirdNode')),
    spec('WHOLE', 3, disruptive()),
  ];
  const begins = async (jobs: number, seed = 1) => {
    const done = await simulate(specs, { jobs, seed, nodes });
    return Object.fromEntries(done.map(({ requirement, began }) => [requirement.id, began]));
  };

  it('is that of the plan: what locks a node waits for those that need all, what any node serves runs beside it', async () => {
    const began = await begins(4);
    expect(began).to.include({ ALL: 0, SHORT: 0, ANY: 0, WHOLE: 35 });
    // These follow each other, the longer one first.
    expect(began).to.include({ NODE3: 10, 'NODE3-TOO': 30 });
  });

  it('follows from the seed', async () => {
    expect(await begins(2, 7)).to.deep.equal(await begins(2, 7));
  });

  it('has no more lanes than jobs, and keeps every spec', async () => {
    const done = await simulate(specs, { jobs: 1, seed: 1, nodes });
    expect(Math.max(...done.map(({ began, seconds }) => began + seconds))).to.equal(48);
    expect(Math.max(...occupation(done, 1).map(({ lanes }) => lanes))).to.equal(1);
  });

  it('never ends before its lower bounds', async () => {
    const bounds = lowerBounds(specs, { jobs: 4, nodes: 3 });
    expect(bounds).to.deep.equal([
      // 10 for all nodes, 25 for node3, 3 for the whole cluster.
      { because: 'specs that exclude each other', seconds: 38 },
      { because: '4 specs side by side', seconds: 14.25 },
    ]);
    const done = await simulate(specs, { jobs: 4, seed: 1, nodes });
    expect(Math.max(...done.map(({ began, seconds }) => began + seconds))).to.equal(38);
  });

  it('has the whole cluster for a group as long as for the longest of it', () => {
    const group = [3, 5].map((seconds) => spec(`GROUP-${seconds}`, seconds, { ...disruptive(), group: 'one' }));
    expect(lowerBounds([...specs, ...group], { jobs: 4, nodes: 3 })[0]?.seconds).to.equal(38 + 5);
  });

  it('shows what went on in each span of time', () => {
    const spans = occupation([spec('ONE', 15), { ...spec('TWO', 10), began: 5 }], 10);
    expect(spans).to.deep.equal([
      { from: 0, lanes: 1.5, most: ['ONE', 'TWO'] },
      { from: 10, lanes: 1, most: ['ONE', 'TWO'] },
    ]);
  });

  it('shows its phases by what specs lock', () => {
    expect(phasesOf(specs.slice(2)).map(({ what, count, to }) => [what, count, to])).to.deep.equal([
      ['any node', 1, 6],
      ['locks thirdNode', 2, 20],
      ['the whole cluster', 1, 3],
    ]);
  });
});
