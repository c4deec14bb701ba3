import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  broken,
  ended,
  eventsOf,
  failed,
  passed,
  planned,
  skipped,
  specOf,
  started,
  summaryOf,
} from './example-run.ts';
import { annotations, stepSummary, writeForGithub } from './github.ts';

const end = ended('doesNotConform', 'does not conform: 1 of 3 specs failed');

describe('annotations for GitHub', () => {
  it('point at the line of the failure and are escaped', () => {
    const [line] = annotations(summaryOf(failed(specOf('SEED-1', 'a, b: c'), '100% lost\nsecond::line')));
    expect(line).to.equal(
      '::error file=specs/binding.spec.ts,line=41,title=SEED-1 a%2C b%3A c::100%25 lost%0Asecond::line',
    );
  });

  it('point at the spec where the failure has no place in its file', () => {
    const elsewhere = { ...specOf('SEED-1'), file: 'specs/other.spec.ts' };
    const summary = summaryOf(failed(specOf('SEED-1')));
    const specs = summary.specs.map(({ result }) => ({ spec: elsewhere, result }));
    expect(annotations({ ...summary, specs })[0]).to.match(/^::error file=specs\/other\.spec\.ts,line=12,/);
  });

  it('tell of failed steps too', () => {
    expect(annotations(summaryOf(broken('Creating the cluster')))[0]).to.match(
      /^::error title=Creating the cluster::creating/,
    );
  });

  it('are at most ten; the last tells of the rest', () => {
    const many = Array.from({ length: 25 }, (_, index) => failed(specOf(`SEED-${index}`)));
    const lines = annotations(summaryOf(...many));
    expect(lines).to.have.length(10);
    expect(lines[9]).to.include('16 more failures');
    expect(annotations(summaryOf(...many.slice(0, 10))).at(-1)).to.include('SEED-9');
  });
});

describe('the step summary', () => {
  it('has the verdict, the specs worst first, failures folded, and the environment', () => {
    const text = stepSummary(
      summaryOf(
        started,
        planned(3),
        passed(specOf('SEED-1', 'a | b @me <i>`x`')),
        skipped(specOf('SEED-2')),
        failed(specOf('SEED-3'), 'Pending < Bound\n\n& more'),
        end,
      ),
      { Kubernetes: 'v1.37.2' },
    );
    expect(text).to.equal(`\
### ✗ does not conform: 1 of 3 specs failed

1 passed, 1 failed, 1 skipped · 1 min 23 s

| | spec | chapter | time |
|---|---|---|---:|
| ✗ | SEED-3 a claim is bound | binding | 7.2 s |
| skipped | SEED-2 a claim is bound (no mkfs.xfs on the nodes) | binding | 0.0 s |
| ✓ | SEED-1 a \\| b &#64;me &lt;i&gt;\\\`x\\\` | binding | 0.9 s |

<details><summary>✗ SEED-3 a claim is bound</summary>

<pre>Pending &lt; Bound

&amp; more</pre>

</details>

- Kubernetes: <code>v1.37.2</code>
`);
  });

  it('stays below the size that GitHub takes, and tells what was left out', () => {
    const many = Array.from({ length: 3_000 }, (_, index) =>
      failed(specOf(`SEED-${index}`, 'ä'.repeat(200)), 'ö'.repeat(2_000)),
    );
    const text = stepSummary(summaryOf(started, ...many, end), { Kubernetes: 'v1.37.2' });
    expect(Buffer.byteLength(text)).to.be.below(1024 * 1024);
    expect(text)
      .to.match(/\d+ more failures/)
      .and.match(/\d+ more specs/)
      .and.include('Kubernetes');
    expect(text.split('<details>').length).to.equal(text.split('</details>').length);
  });
});

it('GitHub is told at the end of the run, after what other steps wrote', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lpv-github-'));
  try {
    const summaryFile = join(folder, 'summary.md');
    writeFileSync(summaryFile, 'before\n');
    const said: string[] = [];
    const { read } = writeForGithub({ summaryFile, say: (line) => said.push(line), properties: () => ({}) });
    for (const event of eventsOf(started, failed(specOf('SEED-1')))) read(event);
    expect(said).to.deep.equal([]);
    for (const event of eventsOf(end)) read(event);
    expect(said).to.have.length(1);
    expect(readFileSync(summaryFile, 'utf8')).to.match(/^before\n### ✗ does not conform/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
