import { expect } from 'chai';
import { framesOf, placeIn } from '../../../specs/runner/place.ts';
import {
  broken,
  ended,
  eventsOf,
  failed,
  passed,
  performed,
  planned,
  skipped,
  specOf,
  started,
} from '../model/example-run.ts';
import { Terminal, type TerminalOptions, terminalCapabilities } from './terminal.ts';

class Screen {
  text = '';
  columns = 60;
  write(text: string): void {
    this.text += text;
  }
}

const begun = (title: string) => ({ kind: 'action-started', action: 'a', title, direction: 'perform' }) as const;

function shown(events: ReturnType<typeof eventsOf>, options: Partial<TerminalOptions> = {}): string {
  const output = new Screen();
  using terminal = new Terminal({ output, live: false, color: false, ...options });
  for (const event of events) terminal.read(event);
  return output.text;
}

describe('the terminal', () => {
  it('shows steps, specs, failures and the verdict, in plain lines', () => {
    const text = shown(
      eventsOf(
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
        ended('doesNotConform', 'does not conform: 1 of 4 specs failed'),
      ),
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

 ✗ does not conform: 1 of 4 specs failed
   2 passed, 1 failed, 1 skipped · steps tried again: 1 · 1 min 23 s
   report: reports/x
`);
  });

  it('shows of a failure the essence of its diagnosis, and where all of it is', () => {
    const essence = 'Pod demo/p: Pending\nSo: Bearer planted-token';
    const diagnosis = { essence, text: `${essence}\n\nmuch more` };
    const text = shown(eventsOf(started, failed(specOf('SEED-4'), 'a\nb', { diagnosis })));
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
      const text = shown(
        eventsOf(
          started,
          planned(count + 2),
          failed(specOf('SEED-4', 'a pod runs'), 'pod demo/p is Pending'),
          ...later(count),
          failed(specOf('SEED-5', 'another runs'), 'pod demo/q is Pending'),
          ended('doesNotConform', `does not conform: 2 of ${count + 2} specs failed`),
        ),
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

 ✗ does not conform: 2 of 32 specs failed
   30 passed, 2 failed, 0 skipped · 1 min 23 s
   report: reports/x
`);
  });

  it('shows twenty failures again at most', () => {
    const many = Array.from({ length: 30 }, (_, index) => failed(specOf(`SEED-${index + 10}`)));
    const text = shown(eventsOf(started, planned(30), ...many, ended('doesNotConform', 'does not conform')));
    const again = text.slice(text.indexOf('failed, in the order'));
    expect(again.match(/✗ SEED-/g)).to.have.length(20);
    expect(again).to.include('… and 10 more, in the report');
  });

  it('names the line of the spec where the stack has none of its file', () => {
    const text = shown(eventsOf(started, failed(specOf('SEED-4'), 'late', { stack: 'Error: late' })));
    expect(text).to.include('      late\n      at specs/binding/binding.spec.ts:12\n');
  });

  it('shows no counts for a verb without specs', () => {
    expect(shown(eventsOf({ ...started, verb: 'up' }, ended('conforms', 'done')))).to.not.include('passed');
  });

  it('tells at the end which part of the report is broken', () => {
    const text = shown(eventsOf(started, ended('conforms', 'done')), { readerErrors: () => [new Error('disk full')] });
    expect(text)
      .to.include(' ✓ done')
      .and.include('a part of the report could not be written, which is a fault of the harness: disk full');
  });

  it('shows no secrets, whatever their source', () => {
    const secret = 'Authorization: Bearer planted-token';
    const text = shown(
      eventsOf(
        { kind: 'action-noted', action: 'a', text: secret },
        { kind: 'action-retried', action: 'a', step: 'x', attempt: 2, reason: secret },
        broken('Creating', 'perform', new Error(secret)),
        failed(specOf('SEED-1'), secret),
        skipped(specOf('SEED-2'), secret),
        { kind: 'report-broken', part: 'report.yaml', error: new Error(secret) },
      ),
    );
    expect(text.split('[removed]')).to.have.length(7);
    expect(text).to.not.include('planted');
  });

  it('tells a part of the report that could not be written, after the verdict', () => {
    const text = shown(
      eventsOf(ended('conforms', 'all holds'), {
        kind: 'report-broken',
        part: 'report.yaml',
        error: new Error('jobs: x'),
      }),
    );
    expect(text).to.match(
      /✓ all holds[\s\S]*report\.yaml could not be written, which is a fault of the harness: jobs: x/,
    );
  });

  it('writes no escape codes without colours and a live line', () => {
    const text = shown(
      eventsOf(started, begun('x'), performed('x'), failed(specOf('SEED-1')), ended('conforms', 'done')),
    );
    expect(text).to.not.include('\u001b');
  });

  it('uses colours when it may', () => {
    expect(shown(eventsOf(performed('Creating')), { color: true })).to.include('\u001b[32m✓\u001b[39m');
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
    const text = shown(eventsOf(planned(2), begins), { live: true, now: () => 0 });
    expect(text).to.include(' • Running 2 specs 0 s · 0 done, running SEED-1');
  });

  it('keeps the live line below the specs', () => {
    const begins = (id: string) => ({ kind: 'spec-started', spec: specOf(id) }) as const;
    const text = shown(eventsOf(planned(2), begins('SEED-1'), begins('SEED-2'), passed(specOf('SEED-1'))), {
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
