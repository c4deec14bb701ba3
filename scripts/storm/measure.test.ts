import { expect } from 'chai';
import { figuresOf, quantilesOf, useBetween, watchHarness } from './measure.ts';
import { Moments } from './moments.ts';

describe('the figures of a cell', () => {
  it('are quantiles, of nothing too', () => {
    const hundred = Array.from({ length: 101 }, (_, index) => index);
    expect(quantilesOf(hundred)).to.deep.equal({ p50: 50, p90: 90, p99: 99, max: 100 });
    expect(quantilesOf([])).to.deep.equal({ p50: 0, p90: 0, p99: 0, max: 0 });
  });

  it('come from the moments of the claims', () => {
    const moments = new Moments(4);
    for (const claim of [0, 1, 2, 3]) {
      moments.note('created', claim, 5_000 + 100 * claim);
      moments.note('reserved', claim, 5_200 + 100 * claim);
      moments.note('bound', claim, [6_000, 6_500, 7_000, 9_000][claim] as number);
    }
    moments.note('scheduled', 0, 6_400);
    moments.note('scheduled', 1, 9_500);
    const figures = figuresOf(moments);
    expect(figures.reserved).to.deep.equal({ p50: 200, p90: 200, p99: 200, max: 200 });
    expect(figures).to.include({ allBound: 4_000, boundPerSecond: 1, longestPause: 2_000, withinOneLook: 0.5 });
    expect(figures.timeline).to.deep.equal([
      { seconds: 0, created: 1, reserved: 0, bound: 0, scheduled: 0 },
      { seconds: 1, created: 4, reserved: 4, bound: 1, scheduled: 0 },
      { seconds: 2, created: 4, reserved: 4, bound: 3, scheduled: 1 },
      { seconds: 3, created: 4, reserved: 4, bound: 3, scheduled: 1 },
      { seconds: 4, created: 4, reserved: 4, bound: 4, scheduled: 1 },
      { seconds: 5, created: 4, reserved: 4, bound: 4, scheduled: 2 },
    ]);
    expect(figures.ways.map(({ percentile }) => percentile)).to.deep.equal([50, 90, 99, 100]);
    expect(figures.ways[0]).to.deep.equal({ percentile: 50, reserved: 200, bound: 800, scheduled: 400 });
  });

  it('have a time line of no more points than a picture shows', () => {
    const moments = new Moments(2);
    moments.note('created', 0, 0);
    moments.note('bound', 0, 1_000_000);
    const { timeline } = figuresOf(moments);
    expect(timeline.length).to.be.at.most(121);
    expect(timeline.at(-1)).to.include({ bound: 1 });
  });

  it('are the difference of what programs used, and the peak since the first reading', () => {
    const use = (cpuSeconds: number, memory: number, memoryPeak: number) => ({ cpuSeconds, memory, memoryPeak });
    expect(
      useBetween(
        { etcd: use(10, 100, 900), 'kube-scheduler': use(1, 1, 1) },
        { etcd: use(12.5, 150, 200), 'kube-apiserver': use(3, 3, 3) },
      ),
    ).to.deep.equal({ etcd: { cpuSeconds: 2.5, memoryBefore: 100, memoryAfter: 150, memoryPeak: 200 } });
  });

  it('say what the harness itself used', async () => {
    const read = await watchHarness();
    const used = await read();
    expect(used.memoryPeak).to.be.above(10 * 2 ** 20);
    expect(used.cpuSeconds).to.be.at.least(0);
    expect(used.eventLoopDelay.max).to.be.at.least(0);
  });
});
