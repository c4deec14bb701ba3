import { expect } from 'chai';
import { reportedRequirement, reportWith } from '../../made-up-for-tests.ts';
import { scheduleChart } from './schedule.ts';

describe('the chart of what ran where', () => {
  const at = (id: string, began: number, milliseconds: number, nodes?: string[], alone = false) =>
    reportedRequirement(id, 'binding', { began, milliseconds, place: { alone, ...(nodes && { nodes }) } });
  const report = reportWith([
    at('ALL', 5_000, 20_000),
    at('ANY-1', 25_000, 10_000, ['node1']),
    at('ANY-2', 30_000, 10_000, ['node1', 'node2']),
    at('HOLDS', 25_000, 60_000, ['node2'], true),
    at('CLUSTER', 85_000, 5_000, undefined, true),
    reportedRequirement('SKIPPED', 'binding', { result: 'skipped' }),
  ]);

  it('has a row for each node, between those of all nodes and of the whole cluster', () => {
    const text = String(scheduleChart(report));
    expect(text).to.include(
      '5 specs in 1 min 25 s. all nodes: 1, up to 1 at once; node1: 2, up to 2 at once; ' +
        'node2: 1, up to 1 at once; the whole cluster: 1, up to 1 at once.',
    );
    expect(text).to.include('<title>HOLDS: 1 min from 20 s</title>').and.not.include('SKIPPED');
    expect(text.match(/class="alone"/g)).to.have.lengthOf(2);
  });

  it('tells how close the run came to the least that its specs allow', () => {
    const schedule = { milliseconds: 90_000, atLeast: 60_000, because: 'specs that exclude each other' };
    const text = String(scheduleChart({ ...report, schedule }));
    expect(text).to.include(
      'specs: 1 min 30 s, 1.5 × the least that any order allows (specs that exclude each other).',
    );
  });

  describe('of a merged report', () => {
    const ofShard = { date: '2026-11-23T10:00:00.000Z', milliseconds: 90_000, seed: 1, jobs: 10 };
    const shards = [
      ['ALL', 'ANY-1', 'HOLDS'],
      ['ANY-2', 'CLUSTER'],
    ].map((requirements, index) => ({
      ...{ ...ofShard, run: `run${index}` },
      requirements,
    }));

    it('has rows of their own for the nodes of each shard, as each had its own cluster', () => {
      const text = String(scheduleChart({ ...report, mergedFrom: shards }));
      expect(text).to.include(
        '5 specs in 1 min 25 s. shard 1, all nodes: 1, up to 1 at once; shard 1, node1: 1, up to 1 at once; ' +
          'shard 1, node2: 1, up to 1 at once; shard 2, node1: 1, up to 1 at once; ' +
          'shard 2, the whole cluster: 1, up to 1 at once.',
      );
      const heads = [...text.matchAll(/>(shard \d|node\d|all nodes|the whole cluster)<\/text>/g)].map(
        ([, name]) => name,
      );
      expect(heads.sort()).to.deep.equal([
        'all nodes',
        'node1',
        'node1',
        'node2',
        'shard 1',
        'shard 2',
        'the whole cluster',
      ]);
    });

    it('is left out where the report does not say which shard ran what', () => {
      const mergedFrom = shards.map(({ requirements: _not, ...shard }) => shard);
      expect(scheduleChart({ ...report, mergedFrom })).to.equal(undefined);
    });
  });

  it('is left out where reports do not say where specs ran', () => {
    expect(scheduleChart(reportWith([reportedRequirement('OLD', 'binding', { began: 10 })]))).to.equal(undefined);
  });
});
