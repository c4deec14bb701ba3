import { expect } from 'chai';
import {
  diagnosisOf,
  ended,
  failed,
  knownIssue,
  lentReport,
  passed,
  planned,
  reportOf,
  skipped,
  specOf,
  started,
} from '../made-up-for-tests.ts';
import { annotations } from './github.ts';
import { stepSummary } from './step-summary.ts';

const end = ended('doesNotConform', 'does not conform: 1 of 3 specs failed');

describe('the step summary', () => {
  it('has what specs ask of a cluster, its kind, and where it was looked for left-overs', () => {
    const text = stepSummary(lentReport());
    expect(text).to.match(
      /\| need \| passed \| failed \| skipped \|\n\|---\|---:\|---:\|---:\|\n\| api \| \d+ \| 0 \| \d+ \|\n\| agent \| 0 \| 0 \| 122 \|/,
    );
    expect(text).to.include('- distribution: <code>k3s</code>');
    expect(text).to.include('- kubelet root: <code>not known: no agent was wanted</code>');
    expect(text).to.include('- left-overs: not looked at agent-1, agent-2: no agent was wanted (--no-agent)');
    expect(text).to.include("--context staging --no-agent --as 'tester of staging'");
  });

  it('has the verdict, the chapters, what failed first and folded, what was skipped, the slowest, the environment', () => {
    const text = stepSummary(
      reportOf(
        started,
        planned(3),
        passed(specOf('SEED-1', 'a | b @me <i>`x`')),
        skipped(specOf('SEED-2')),
        failed(specOf('SEED-3'), 'Pending < Bound\n\n& more', { diagnosis: diagnosisOf('Pod p: <Pending>') }),
        end,
      ),
    );
    expect(text).to.equal(`\
### ✗ does not conform: 1 of 3 promises of Kubernetes about local volumes hold, 1 failed, 1 skipped

- 1 of 3 promises of Kubernetes about local volumes

1 passed, 1 failed, 1 skipped · 1 min 23 s

| chapter | core | extended |
|---|---|---|
| binding | ✗ 1 passed, **1 failed**, 1 skipped |  |

<details><summary>✗ SEED-3 a claim is bound</summary>

<pre>Pending &lt; Bound

&amp; more

Pod p: &lt;Pending&gt;
at Context.&lt;anonymous&gt; (specs/binding/binding.spec.ts:41:7)
at run (other.ts:1:1)</pre>

</details>

<details><summary>skipped: 1</summary>

- SEED-2 a claim is bound (no mkfs.xfs on the nodes)

</details>

<details><summary>slowest</summary>

| time | requirement |
|---:|---|
| 7.2 s | SEED-3 a claim is bound |
| 0.9 s | SEED-1 a \\| b &#64;me &lt;i&gt;\\\`x\\\` |

</details>

- run: <code>k3x9qd</code>
- harness version: <code>0.1.0</code>
- harness commit: <code>abc</code>
- Kubernetes: <code>v1.37.2</code>
- Node: <code>v20.20.2</code>
- host: <code>Debian 13, x64, 2 CPUs, 8.0 GiB</code>
- seed: <code>42</code>
- spec list: <code>sha256:26a71bd7ea82a7f9705b8ede2b002b20e08961135fff759c43af742c7a3ece96</code>
- side by side: <code>6</code>

<pre>npm ci
npm run lpv -- run --seed 42</pre>
`);
  });

  it('has known issues with their links, which are no failures', () => {
    const report = reportOf(started, planned(2), passed(specOf('SEED-1')), knownIssue(specOf('SEED-2')), end);
    const text = stepSummary(report);
    expect(text).to.include('<summary>known issues of Kubernetes: 1</summary>').and.include('issues/73263');
    expect(text).to.include('| binding | ✓ 1 passed, 1 known issue |').and.not.include('✗');
    expect(annotations(report)).to.deep.equal([]);
  });

  it('stays below the size that GitHub takes with 300 failures of 20 KB, each of which is named', () => {
    const many = Array.from({ length: 300 }, (_, index) =>
      failed(specOf(`SEED-${index}`), 'expected <a> to be bound', { diagnosis: diagnosisOf('ö<'.repeat(5_000)) }),
    );
    const text = stepSummary(reportOf(started, ...many, end));
    expect(Buffer.byteLength(text))
      .to.be.below(1024 * 1024)
      .and.above(900 * 1024);
    for (const index of many.keys()) expect(text).to.match(new RegExp(`SEED-${index} `));
    expect(text.match(/ö</g)).to.equal(null);
    expect(text).to.include('npm run lpv -- run');
    expect(text.split('<details>').length).to.equal(text.split('</details>').length);
  });

  it('says how many it left out where there is no room for the names', () => {
    const many = Array.from({ length: 3_000 }, (_, index) =>
      failed(specOf(`SEED-${index}`, 'ä'.repeat(200)), 'ö'.repeat(2_000)),
    );
    const text = stepSummary(reportOf(started, ...many, end));
    expect(Buffer.byteLength(text)).to.be.below(1024 * 1024);
    expect(text)
      .to.match(/\d+ more failures/)
      .and.include('Kubernetes');
    expect(text.split('<details>').length).to.equal(text.split('</details>').length);
  });
});
