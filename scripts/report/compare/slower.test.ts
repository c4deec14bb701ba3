import { expect } from 'chai';
import { reportedRequirement, reportWith } from '../made-up-for-tests.ts';
import { speedOf } from './slower.ts';

const chapters = ['access', 'binding', 'block'];
const timed = (time: (index: number, chapter: string) => number) =>
  reportWith(
    Array.from({ length: 60 }, (_, index) => {
      const chapter = chapters[index % 3] ?? '';
      return reportedRequirement(`LV-${index}`, chapter, { milliseconds: time(index, chapter) });
    }),
  );
const usual = timed(() => 4_000);

describe('slower beyond noise', () => {
  it('does not blame specs for a slower machine', () => {
    const { shift, slower, common } = speedOf(
      usual,
      timed(() => 12_000),
    );
    expect({ shift, slower, common }).to.deep.equal({ shift: 3, slower: [], common: 60 });
  });

  it('bears what unchanged code showed: three times as long, or 15 s more of a long one', () => {
    expect(
      speedOf(
        usual,
        timed((index) => (index === 7 ? 15_000 : 4_000)),
      ).slower,
    ).to.deep.equal([]);
    const long = timed((index) => (index === 7 ? 30_000 : 4_000));
    expect(
      speedOf(
        long,
        timed((index) => (index === 7 ? 45_000 : 4_000)),
      ).slower,
    ).to.deep.equal([]);
  });

  it('bears many times as long of what is short', () => {
    const quick = timed((index) => (index === 7 ? 100 : 4_000));
    expect(
      speedOf(
        quick,
        timed((index) => (index === 7 ? 6_000 : 4_000)),
      ).slower,
    ).to.deep.equal([]);
  });

  it('names a spec that took five times as long, measured by the run', () => {
    const { slower } = speedOf(
      usual,
      timed((index) => (index === 7 ? 40_000 : 8_000)),
    );
    expect(slower).to.deep.equal([{ what: 'spec', name: 'LV-7', before: 4_000, after: 40_000, ratio: 5 }]);
  });

  it('names a chapter whose specs all took longer', () => {
    const { slower } = speedOf(
      usual,
      timed((_, chapter) => (chapter === 'block' ? 7_000 : 4_000)),
    );
    expect(slower).to.deep.equal([{ what: 'chapter', name: 'block', before: 4_000, after: 7_000, ratio: 1.75 }]);
  });

  it('compares only what passed in both, and judges nothing by few', () => {
    const few = reportWith([reportedRequirement('LV-1', 'a'), reportedRequirement('LV-2', 'a', { result: 'skipped' })]);
    expect(speedOf(few, few)).to.include({ common: 1, shift: undefined, podStarts: undefined });
  });

  it('measures pod starts by their lower limits', () => {
    const starts = (ratio: number) =>
      reportWith([], {
        podStarts: Array.from({ length: 30 }, (_, index) => {
          const lowerLimit = index % 2 === 0 ? 650 : 1_650;
          return { requirement: 'LV-1', milliseconds: lowerLimit * ratio, lowerLimit };
        }),
      });
    expect(speedOf(starts(1.5), starts(1.8))).to.deep.include({ podStarts: [1.5, 1.8], podStartsSlower: false });
    expect(speedOf(starts(1.5), starts(2.1))).to.include({ podStartsSlower: true });
  });
});
