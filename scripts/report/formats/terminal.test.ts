import { expect } from 'chai';
import pc from 'picocolors';
import { framesOf, placeIn } from '../../../specs/runner/place.ts';
import {
  broken,
  eventsOf,
  exampleCluster,
  failed,
  failedOutside,
  knownIssue,
  lentReport,
  passed,
  performed,
  planned,
  skipped,
  sourcesOf,
  specOf,
  started,
} from '../made-up-for-tests.ts';
import { buildReport } from '../model/build-report.ts';
import { resultLines } from './run-end.ts';
import { Terminal, type TerminalOptions, terminalCapabilities } from './terminal.ts';

class Screen {
  text = '';
  columns = 60;
  write(text: string): void {
    this.text += text;
  }
}

const begun = (title: string) => ({ kind: 'action-started', action: 'a', title, direction: 'perform' }) as const;

type Events = Parameters<typeof eventsOf>;

function shown(events: Events, options: Partial<TerminalOptions> = {}): string {
  const output = new Screen();
  using terminal = new Terminal({ output, live: false, color: false, ...options });
  for (const event of eventsOf(...events)) terminal.read(event);
  return output.text;
}

/** Returns what the terminal shows of a run of `lpv run`, its end included. */
function shownToTheEnd(...events: Events): string {
  const output = new Screen();
  using terminal = new Terminal({ output, live: false, color: false });
  for (const event of eventsOf(...events)) terminal.read(event);
  const { finished = 83_000, ...sources } = sourcesOf(...events);
  const report = buildReport({ ...sources, finished });
  const { verdict, exitStatus } = report;
  terminal.end({ verdict, exitStatus: exitStatus ?? 'environment', milliseconds: finished, report });
  return output.text;
}

describe('the terminal', () => {
  it('shows steps, specs, failures and the verdict, in plain lines', () => {
    const text = shownToTheEnd(
      started,
      begun('Creating the cluster'),
      { kind: 'action-noted', action: 'a', text: 'starting node2' },
      { kind: 'action-retried', action: 'a', step: 'joining node2', attempt: 2, reason: 'no token yet' },
      performed('Creating the cluster'),
      begun('Running the specs'),
      planned(4),
      { kind: 'spec-started', spec: specOf('SEED-1') },
      passed(specOf('SEED-1')),
      passed(specOf('SEED-2', 'a disk is filled', 'capacity'), 12_300),
      skipped(specOf('SEED-3', 'xfs works', 'capacity')),
      failed(specOf('SEED-4', 'a pod runs', 'capacity'), 'pod demo/p is Pending\n  on: node2'),
      performed('Running the specs'),
      broken('Deleting the cluster', 'undo', new Error('it is stuck')),
    );
    expect(text).to.equal(`\
 • Creating the cluster
   starting node2
   joining node2 failed, attempt 2 follows
     no token yet
 ✓ Creating the cluster 24.1 s
 • Running the specs
 • Running 4 specs, 6 side by side, in the order of --seed 42

   ✓ SEED-1 a claim is bound
   ✓ SEED-2 a disk is filled 12.3 s
   - SEED-3 xfs works skipped: no mkfs.xfs on the nodes
   ✗ SEED-4 a pod runs 7.2 s
      pod demo/p is Pending
        on: node2
      at specs/binding/binding.spec.ts:41:7
 ✓ Running the specs 24.1 s
 ✗ Deleting the cluster 1 min
   it is stuck

 ✗ does not conform: 2 of 4 promises of Kubernetes about local volumes hold, 1 failed, 1 skipped
   2 passed, 1 failed, 1 skipped · steps tried again: 1 · 1 min 23 s
   report: reports/x
`);
  });

  it('shows of a failure the essence of its diagnosis, and where all of it is', () => {
    const essence = 'Pod demo/p: Pending\nSo: Bearer planted-token';
    const diagnosis = { essence, text: `${essence}\n\nmuch more` };
    const text = shown([started, failed(specOf('SEED-4'), 'a\nb', { diagnosis })]);
    expect(text).to.include(`
      a
      b
      Pod demo/p: Pending
      So: Bearer [removed]
      at specs/binding/binding.spec.ts:41:7
      all of it: reports/x/e2e.log
`);
  });

  it('shows the failures again above the verdict once one of them has left the screen', () => {
    const later = (count: number) => Array.from({ length: count }, (_, index) => passed(specOf(`SEED-${index + 10}`)));
    const end = (count: number) => {
      const text = shownToTheEnd(
        started,
        planned(count + 2),
        failed(specOf('SEED-4', 'a pod runs'), 'pod demo/p is Pending'),
        ...later(count),
        failed(specOf('SEED-5', 'another runs'), 'pod demo/q is Pending'),
      );
      return text.slice(text.indexOf('✗ SEED-5'));
    };
    expect(end(2)).not.to.include('SEED-4');
    expect(end(30)).to.equal(`\
✗ SEED-5 another runs 7.2 s
      pod demo/q is Pending
      at specs/binding/binding.spec.ts:41:7

   failed, in the order of --seed 42
   ✗ SEED-4 a pod runs
      pod demo/p is Pending
      at specs/binding/binding.spec.ts:41:7
   ✗ SEED-5 another runs
      pod demo/q is Pending
      at specs/binding/binding.spec.ts:41:7

 ✗ does not conform: 30 of 32 promises of Kubernetes about local volumes hold, 2 failed
   30 passed, 2 failed, 0 skipped · 1 min 23 s
   report: reports/x
`);
  });

  it('shows twenty failures again at most', () => {
    const many = Array.from({ length: 30 }, (_, index) => failed(specOf(`SEED-${index + 10}`)));
    const text = shownToTheEnd(started, planned(30), ...many);
    const again = text.slice(text.indexOf('failed, in the order'));
    expect(again.match(/✗ SEED-/g)).to.have.length(20);
    expect(again).to.include('… and 10 more, in the report');
  });

  it('names the line of the spec where the stack has none of its file', () => {
    const text = shown([started, failed(specOf('SEED-4'), 'late', { stack: 'Error: late' })]);
    expect(text).to.include('      late\n      at specs/binding/binding.spec.ts:12\n');
  });

  it('shows no counts for a verb without specs', () => {
    const output = new Screen();
    using terminal = new Terminal({ output, live: false, color: false });
    terminal.end({ exitStatus: 'conforms', verdict: 'done', milliseconds: 83_000 });
    expect(output.text).to.equal('\n ✓ done\n   1 min 23 s\n');
  });

  it('names at the end which part of the report is broken', () => {
    const output = new Screen();
    const readerErrors = () => [new Error('disk full'), new Error('no such file'), new Error('disk full')];
    using terminal = new Terminal({ output, live: false, color: false, readerErrors });
    terminal.end({ exitStatus: 'conforms', verdict: 'done', milliseconds: 83_000 });
    const broken = 'a part of the report could not be written, which is a fault of the harness';
    expect(output.text)
      .to.include(' ✓ done')
      .and.include(`${broken}: disk full (2 times)\n   ${broken}: no such file\n`);
  });

  it('shows no secrets of any source', () => {
    const secret = 'Authorization: Bearer planted-token';
    const text = shown([
      { kind: 'action-noted', action: 'a', text: secret },
      { kind: 'action-retried', action: 'a', step: 'x', attempt: 2, reason: secret },
      broken('Creating', 'perform', new Error(secret)),
      failed(specOf('SEED-1'), secret),
      skipped(specOf('SEED-2'), secret),
      { kind: 'report-broken', part: 'report.yaml', error: new Error(secret) },
    ]);
    expect(text.split('[removed]')).to.have.length(7);
    expect(text).to.not.include('planted');
  });

  it('counts the subjects apart, and shows each known issue with its link', () => {
    const text = shownToTheEnd(started, planned(2), passed(specOf('SEED-1')), knownIssue(specOf('SEED-2')));
    const line = 'known issue of Kubernetes 1.36, 1.37: one of two claims is bound: https://github.com';
    expect(text).to.include('   ! SEED-2 a claim is bound known issue: one of two claims is bound: https://github.com');
    expect(text).to.include(`SEED-2 ${line}`).and.include('1 passed, 0 failed, 0 skipped, 1 known issue · ');
  });

  it('shows failures outside of requirements again, too', () => {
    const many = Array.from({ length: 30 }, (_, index) => passed(specOf(`SEED-${index + 10}`)));
    const text = shownToTheEnd(started, planned(30), failedOutside('CLOSE', 'a mount is left'), ...many);
    expect(text.slice(text.indexOf('failed, in the order'))).to.include('✗ CLOSE nothing is left of the specs');
    expect(text).to.include('30 passed, 0 failed, 0 skipped · failed outside of requirements: 1');
  });

  it('shows chapters by outcome and the slowest specs, where there are several chapters', () => {
    const spec = (id: string, chapter: string) => specOf(id, `sentence of ${id}`, chapter);
    const text = shownToTheEnd(
      started,
      planned(4),
      passed(spec('LV-A-1', 'access'), 900),
      passed(spec('LV-B-1', 'binding'), 12_300),
      failed(spec('LV-F-1', 'fault')),
      skipped(spec('LV-A-2', 'access')),
    );
    expect(text).to.include(`
   chapter            passed   failed  skipped
   access                  1        0        1
   binding                 1        0        0
   fault                   0        1        0
   all                     2        1        1

   slowest
      12.3 s  LV-B-1 sentence of LV-B-1
       7.2 s  LV-F-1 sentence of LV-F-1
       0.9 s  LV-A-1 sentence of LV-A-1
`);
  });

  it('says of a lent cluster what kind it is, and where it was looked for left-overs', () => {
    const lines = resultLines(lentReport(), pc.createColors(false));
    expect(lines).to.include.members([
      'left-overs: not looked at agent-1, agent-2: no agent was wanted (--no-agent)',
      'cluster: k3s, AWS, Flannel, kubelet v1.37.2+k3s1 (3 nodes), v1.36.4+k3s1 (1 node), containerd://2.2.1-k3s1, Ubuntu 24.04.2 LTS (3 nodes), Debian GNU/Linux 13 (trixie) (1 node)',
    ]);
    const { environment, ...own } = lentReport();
    const cluster = { ...exampleCluster, madeBy: 'harness' } as const;
    expect(
      resultLines({ ...own, environment: { ...environment, cluster } }, pc.createColors(false)).join(),
    ).to.not.match(/cluster:|left-overs/);
  });

  it('writes no escape codes without colours and a live line', () => {
    const text = shown([started, begun('x'), performed('x'), failed(specOf('SEED-1'))]);
    expect(text).to.not.include('\u001b');
  });

  it('uses colours when it may', () => {
    expect(shown([performed('Creating')], { color: true })).to.include('\u001b[32m✓\u001b[39m');
  });

  it('rewrites one line with the seconds and what goes on, not wider than the terminal', () => {
    let now = 0;
    const output = new Screen();
    using terminal = new Terminal({ output, live: true, color: false, now: () => now });
    const [start, note, end] = eventsOf(
      begun('Building the node image'),
      { kind: 'action-noted', action: 'a', text: `compiling\n${'k'.repeat(100)}` },
      performed('Building the node image'),
    );
    if (!start || !note || !end) throw new Error('there are three events');
    terminal.read(start);
    expect(output.text).to.equal('\r\u001b[2K • Building the node image 0 s');
    output.text = '';
    now = 12_400;
    terminal.read(note);
    expect(output.text).to.match(/^\r\u001b\[2K • Building the node image 12 s · compiling k+$/);
    expect(output.text.length - '\r\u001b[2K'.length).to.equal(59);
    output.text = '';
    terminal.read(end);
    expect(output.text).to.equal('\r\u001b[2K ✓ Building the node image 24.1 s\n');
  });

  it('shows the running spec in a line of its own where the specs are no step', () => {
    const begins = { kind: 'spec-started', spec: specOf('SEED-1') } as const;
    const text = shown([planned(2), begins], { live: true, now: () => 0 });
    expect(text).to.include(' • Running 2 specs 0 s · 0 done, running SEED-1');
  });

  it('keeps the live line below the specs', () => {
    const begins = (id: string) => ({ kind: 'spec-started', spec: specOf(id) }) as const;
    const text = shown([planned(2), begins('SEED-1'), begins('SEED-2'), passed(specOf('SEED-1'))], {
      live: true,
      now: () => 0,
    });
    expect(text.split('\r\u001b[2K').at(-1)).to.equal(' • Running 2 specs 0 s · 1 done, running SEED-2');
    expect(text).to.include('✓ SEED-1 a claim is bound\n');
  });
});

describe('the manners of the terminal', () => {
  for (const [title, isTTY, environment, live, color] of [
    ['are live and in colour on a terminal', true, {}, true, true],
    ['are plain in a pipe', false, {}, false, false],
    ['are lines in CI', true, { CI: 'true' }, false, true],
    ['respect NO_COLOR', true, { NO_COLOR: '1' }, true, false],
    ['respect FORCE_COLOR', false, { FORCE_COLOR: '1' }, false, true],
    ['are plain on a dumb terminal', true, { TERM: 'dumb' }, false, false],
  ] as const) {
    it(title, () => expect(terminalCapabilities({ isTTY }, environment)).to.deep.equal({ live, color }));
  }
});

describe('the frames of a failure', () => {
  it('are without those of Node and of the function around every spec', () => {
    const stack =
      'Error: x\n    at a (a.ts:1:1)\n    at async b (node:internal/x:1:1)\n    at f (specs/runner/run-one.ts:4:1)';
    expect(framesOf(stack)).to.deep.equal(['    at a (a.ts:1:1)']);
  });
});

describe('the place of a failure', () => {
  for (const [title, stack, place] of [
    ['is found in a URL', '    at f (file:///work/specs/a.spec.ts:4:7)', 'specs/a.spec.ts:4:7'],
    [
      'is found in a file that was loaded again',
      '    at f (file:///work/specs/a.spec.ts?again=1:4:7)',
      'specs/a.spec.ts:4:7',
    ],
    ['is the first frame of the file', '    at g (b.ts:1:1)\n    at specs/a.spec.ts:9', 'specs/a.spec.ts:9'],
    ['is not read out of the message', 'Error: specs/a.spec.ts:1:1', undefined],
    ['is unknown elsewhere', '    at g (b.ts:1:1)', undefined],
  ] as const) {
    it(title, () => expect(placeIn(stack, 'specs/a.spec.ts')).to.equal(place));
  }
});
