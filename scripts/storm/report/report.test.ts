import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { BadConfiguration } from '../../../clusters/yaml/bad-configuration.ts';
import { readPageParts } from '../../report/formats/html/page.ts';
import { madeUpCell, madeUpStorm, skippedCell } from '../made-up-for-tests.ts';
import { compareStorms, comparisonAsText, conclusionOf, writeStormHtml, writeStormMarkdown } from './compare.ts';
import { exponentOf, fitText, growthOf, limiterSeconds, slopeOf, termsOf } from './growth.ts';
import { stormPage } from './page.ts';
import { parseStorm, readStorm, stormFile, writeStorm } from './storm-file.ts';
import { heads, rowOf, stormAsText } from './table.ts';

describe('the growth of a storm', () => {
  it('is the exponent of a power', () => {
    const square = [10, 100, 1000].map((x) => [x, 3 * x ** 2] as const);
    expect(exponentOf(square)?.slope).to.be.closeTo(2, 1e-9);
    expect(exponentOf(square)?.error).to.be.closeTo(0, 1e-6);
    expect(slopeOf([10, 20, 40].map((x) => [x, 7 * x + 1] as const))?.slope).to.be.closeTo(7, 1e-9);
  });

  it('has an error where the points are not on a line, and none of two points', () => {
    const fit = exponentOf([
      [10, 10],
      [100, 150],
      [1000, 900],
    ]);
    expect(fit?.error).to.be.above(0.01);
    const two = exponentOf([
      [10, 10],
      [100, 100],
    ]);
    expect(two?.slope).to.be.closeTo(1, 1e-9);
    expect(two?.error).to.equal(undefined);
    expect(fitText(two, 2)).to.equal('1.00 (two points)');
    expect(fitText(undefined, 2)).to.equal('not measured');
  });

  it('is unknown for one number of claims, and takes the median of rounds', () => {
    expect(exponentOf([[10, 10]])).to.equal(undefined);
    expect(
      exponentOf([
        [10, 0],
        [100, 5],
      ]),
    ).to.equal(undefined);
    const rounds = [
      [10, 1],
      [10, 10],
      [10, 900],
      [100, 100],
    ] as const;
    expect(exponentOf(rounds)?.slope).to.be.closeTo(1, 1e-9);
  });

  it('is of cells that differ in the number of claims only', () => {
    const cells = [100, 300, 1000].flatMap((claims) => [madeUpCell({ claims }), madeUpCell({ claims, nodes: 0 }, 50)]);
    const growth = growthOf(cells);
    expect(growth.map(({ series }) => series)).to.deep.equal([
      '100 nodes, WaitForFirstConsumer, one class',
      '3 real nodes, WaitForFirstConsumer, one class',
    ]);
    expect(growth.map(({ perClaim }) => Math.round(perClaim?.slope ?? 0))).to.deep.equal([100, 50]);
    expect(growth.map(({ exponent }) => exponent?.slope.toFixed(2))).to.deep.equal(['1.00', '1.00']);
    expect(growthOf([madeUpCell()])).to.deep.equal([]);
    const cut = madeUpCell({ claims: 3000, outcome: 'unfinished', unfinished: { count: 9, some: [] } }, 1);
    expect(growthOf([...cells, cut])).to.deep.equal(growth);
  });

  it('is explained by what the client of the controller may send', () => {
    expect(limiterSeconds({ claims: 1000, binding: 'wait' }, 'default')).to.equal((3000 - 30) / 20);
    expect(limiterSeconds({ claims: 1000, binding: 'immediate' }, 'default')).to.equal((4000 - 30) / 20);
    expect(limiterSeconds({ claims: 5, binding: 'wait' }, 'default')).to.equal(0);
    const [limiter, looks, pause] = termsOf(madeUpCell({ claims: 1000 }, 150), 'default');
    expect(limiter)
      .to.contain('3 writes')
      .and.to.contain('at least 149 s')
      .and.to.contain('99 % of which are those of the limiter');
    expect(looks).to.contain('97 % of pods');
    expect(pause).to.contain('0.9 s');
    const cell = madeUpCell();
    expect(termsOf(cell, 'default')).to.have.length(3);
    cell.measured.cpuIdle = 0.01;
    expect(termsOf(cell, 'default')[3]).to.contain('idle for 1 %');
    expect(termsOf(madeUpCell({ claims: 1000 }, 20), 'raised')[0]).to.contain('those of the arrivals');
    const cut = madeUpCell({ unfinished: { count: 9, some: [] } });
    expect(termsOf(cut, 'default')[0])
      .to.contain('9 were not finished at the deadline, the others were bound after 10 s')
      .and.not.to.contain('%');
  });
});

describe('the report of a storm', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-storm-'));
  });
  after(() => rm(folder, { recursive: true }));

  const storm = madeUpStorm([
    madeUpCell(),
    madeUpCell({ claims: 300 }),
    madeUpCell({ claims: 300, nodes: 0, binding: 'immediate' }),
    madeUpCell({ claims: 300, layout: 'pinned' }),
    madeUpCell({ nodes: 300, outcome: 'violated', violations: ['volume v is of two claims: a and <b>'] }),
    madeUpCell({ nodes: 400, outcome: 'unfinished', unfinished: { count: 2, some: ['default/x', 'default/y'] } }),
    skippedCell({ claims: 1000 }),
  ]);

  it('is read as it was written', async () => {
    writeStorm(folder, storm);
    const file = join(folder, 'storm.yaml');
    expect(await readStorm(file)).to.deep.equal(storm);
    expect(await stormFile(folder)).to.equal(file);
    expect(await stormFile(file)).to.equal(file);
    expect(await stormFile(tmpdir())).to.equal(undefined);
    expect(await stormFile(join(folder, 'none'))).to.equal(undefined);
  });

  it('is refused with line and key where something in it is wrong, and never written so', () => {
    const text = stringify(storm).replace('limits: default', 'limits: none').replace('claims: 300', 'clams: 300');
    expect(() => parseStorm({ file: 'storm.yaml', text }))
      .to.throw(BadConfiguration)
      .with.property('message')
      .that.matches(/storm\.yaml:\d+:\d+/)
      .and.contains('limits')
      .and.contains('did you mean claims?');
    expect(() => writeStorm(folder, { ...storm, milliseconds: -1 })).to.throw('milliseconds');
  });

  it('has a row with every column for each cell', () => {
    for (const cell of storm.cells) expect(rowOf(cell)).to.have.length(heads.length);
    const text = stormAsText(storm);
    expect(text)
      .to.match(/300 +3 real +immediate/)
      .and.to.contain('violated')
      .and.to.contain('not begun');
    expect(text).to.contain('grows with the claims to the power of 1.00 (two points)');
    expect(text).to.contain('200 MiB at most');
  });

  it('is a page with the four pictures and the violations, which loads nothing', async () => {
    const page = stormPage(storm, await readPageParts());
    for (const title of [
      'Time to be bound',
      'Claims over time',
      'Phases',
      'What the scheduler spends',
      'What explains it',
    ])
      expect(page).to.contain(title);
    expect(page).to.contain('volume v is of two claims: a and &lt;b&gt;').and.to.contain('default/x, default/y');
    expect(page).not.to.match(/NaN|Infinity|undefined|(?:src|href)="https?:/);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('is a page also where nothing was measured, or nothing was finished', async () => {
    const parts = await readPageParts();
    const page = stormPage(madeUpStorm([skippedCell()]), parts);
    expect(page).to.contain('not begun').and.not.to.contain('id="pictures"');
    const cut = madeUpCell({ outcome: 'unfinished', unfinished: { count: 7, some: ['default/x'] } });
    const unfinished = stormPage(madeUpStorm([cut]), parts);
    expect(unfinished)
      .to.contain('Claims over time')
      .and.not.to.match(/NaN|Infinity|undefined/);
  });
});

describe('storms compared', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-storms-'));
  });
  after(() => rm(folder, { recursive: true }));

  const rounds = (perClaim: readonly number[]) => perClaim.map((each, index) => madeUpCell({ round: index + 1 }, each));

  it('are put side by side by load, with the change of the medians', () => {
    const comparison = compareStorms([
      madeUpStorm([madeUpCell()], { kubernetes: 'v1.36.3' }),
      madeUpStorm([madeUpCell({}, 120)]),
    ]);
    expect(comparison).to.include({ worse: false, apart: false });
    expect(comparison.labels).to.deep.equal(['v1.36.3', 'v1.37.2']);
    expect(comparisonAsText(comparison)).to.match(/bound p50 +5\.00 s +6\.00 s, \+20 %/);
    expect(conclusionOf(comparison)).to.contain('no figure is known to differ');
  });

  it('differ only beyond the spread of three rounds', () => {
    const compare = (one: number[], other: number[]) =>
      compareStorms([madeUpStorm(rounds(one), {}, 'a'), madeUpStorm(rounds(other), {}, 'b')]);
    const apart = (one: number[], other: number[]) =>
      compare(one, other).loads[0]?.figures.find(({ name }) => name === 'bound p50')?.differs;
    expect(apart([100, 101, 102], [110, 111, 112])).to.equal(true);
    expect(apart([100, 101, 111], [110, 111, 112])).to.equal(false);
    expect(apart([100, 101], [110, 111])).to.equal(false);
    expect(compare([100], [100]).labels).to.deep.equal(['v1.37.2, a', 'v1.37.2, b']);
    expect(conclusionOf(compare([100, 101, 102], [110, 111, 112]))).to.contain('bound p50 of 100 claims');
  });

  it('are worse where a load that held does not, and say when they have nothing in common', () => {
    const good = madeUpStorm([madeUpCell()]);
    const cut = madeUpCell({ outcome: 'unfinished', unfinished: { count: 7, some: ['default/x'] } });
    const unfinished = madeUpStorm([cut], {}, 'other');
    const worse = compareStorms([good, unfinished]);
    expect(worse).to.include({ worse: true, apart: false });
    // Figures of those claims that were fast say nothing.
    expect(comparisonAsText(worse))
      .to.match(/held +unfinished\n/)
      .and.not.to.contain('bound p50');
    expect(compareStorms([unfinished, good]).worse).to.equal(false);
    expect(compareStorms([good, madeUpStorm([skippedCell()])]).apart).to.equal(true);
    const apart = compareStorms([good, madeUpStorm([madeUpCell({ claims: 7 })])]);
    expect(apart.apart).to.equal(true);
    expect(comparisonAsText(apart))
      .to.match(/7 claims.* not in it +held/)
      .and.not.to.contain('bound p50');
  });

  it('are labelled by the limits where these differ', () => {
    const labels = compareStorms([madeUpStorm([]), madeUpStorm([], { limits: 'raised' })]).labels;
    expect(labels).to.deep.equal(['v1.37.2, default limits', 'v1.37.2, raised limits']);
  });

  it('are written as Markdown and as a page', async () => {
    const comparison = compareStorms([madeUpStorm([madeUpCell()], {}, 'a'), madeUpStorm([madeUpCell()], {}, 'b')]);
    writeStormMarkdown(join(folder, 'c.md'), comparison);
    await writeStormHtml(join(folder, 'c.html'), comparison);
    expect(await readFile(join(folder, 'c.md'), 'utf8')).to.contain('| bound p50 | 5.00 s | 5.00 s, +0 % |');
    expect(await readFile(join(folder, 'c.html'), 'utf8')).to.contain('<th scope="row">bound p50</th>');
  });
});
