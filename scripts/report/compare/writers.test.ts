import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { emptyReport, odd, planted, reportedRequirement, reportWith, wholeReport } from '../made-up-for-tests.ts';
import { compareReports } from './compare.ts';
import { comparisonAsMarkdown } from './markdown.ts';
import { comparisonForTerminal } from './terminal.ts';
import { writeComparison } from './write-comparison.ts';

const passed = reportWith(
  wholeReport().requirements.map(({ failure: _, reason: __, ...requirement }) => ({
    ...requirement,
    result: 'passed',
  })),
  { run: 'before' },
);
const worse = compareReports([passed, wholeReport(), emptyReport()]);
const secret = planted.split(' ')[1] ?? '';

describe('comparison in the terminal', () => {
  for (const count of [2, 3, 6]) {
    it(`fits 100 columns with ${count} reports, odd characters and long words`, () => {
      const reports = [
        passed,
        ...Array.from({ length: count - 1 }, (_, index) => ({ ...wholeReport(), run: `run-${index}` })),
      ];
      const text = comparisonForTerminal(compareReports(reports), false);
      for (const line of text.split('\n')) expect(line.length, line).to.be.at.most(100);
      expect(text).not.to.match(/[\u0000-\u0009\u000b-\u001f]/);
    });
  }

  it('ends with its conclusion', () => {
    expect(comparisonForTerminal(worse, false).trimEnd()).to.match(
      /✗ worse than the baseline: 3 regressions, 303 requirements no\s+longer shown|✗ worse than the baseline: 3 regressions, \d+ requirements no longer shown$/,
    );
    const same = comparisonForTerminal(compareReports([passed, { ...passed, run: 'after' }]), false);
    expect(same).to.match(
      /Same result in all: 306\n[\s\S]*Slower beyond noise: nothing[\s\S]*Environments: no difference\n[\s\S]*✓ no regression/,
    );
  });

  it('uses colours only where they are wanted', () => {
    expect(comparisonForTerminal(worse, false)).not.to.include('\u001b');
    expect(comparisonForTerminal(worse, true)).to.include('\u001b[31m');
  });
});

describe('comparison as Markdown', () => {
  it('keeps every table whole, with odd characters in it', () => {
    const breaking = 'a | b\n| c | <script> `x` [l](http://y) **b** @team #1';
    const changed = [
      reportWith([reportedRequirement('A', 'binding', { sentence: breaking })]),
      reportWith([reportedRequirement('A', 'binding', { sentence: breaking, result: 'skipped', reason: breaking })]),
    ];
    const rows = comparisonAsMarkdown(compareReports(changed))
      .split('\n')
      .filter((line) => line.startsWith('|'));
    for (const row of rows) expect(row.match(/\|/g), row).to.have.length(4);
    expect(rows.join('\n')).not.to.match(/<script>|\[l\]|`x`|@team/);
  });
});

describe('comparison in the folder of the runs', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-comparison-'));
  });

  after(() => rm(folder, { recursive: true }));

  it('is written as Markdown and HTML, without secrets', async () => {
    const leaking = reportWith([
      reportedRequirement('A', 'binding', { result: 'skipped', reason: `${planted} ${odd}` }),
    ]);
    const comparison = await writeComparison(folder, [reportWith([reportedRequirement('A', 'binding')]), leaking]);
    expect(comparison.worse).to.equal(true);
    for (const name of ['comparison.md', 'comparison.html']) {
      const text = await readFile(join(folder, name), 'utf8');
      expect(text, name).to.include('[removed]'.slice(1, -1)).and.not.include(secret);
      expect(text, name).not.to.include('<img src=x');
    }
  });
});
