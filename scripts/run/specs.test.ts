import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { DomainError } from '../../clusters/domain-error.ts';
import { EventStream, type RunEvent } from './events.ts';
import { loadSpecs } from './load-specs.ts';
import { parseSelection } from './spec-selection.ts';
import { runSpecs } from './specs.ts';

type Finished = Extract<RunEvent, { kind: 'spec-finished' }>;

const support = fileURLToPath(new URL('../../specs/support', import.meta.url));

describe('running spec files', function () {
  this.timeout(20_000);
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-specs-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function run(
    source: string,
    options: { grep?: string; timeout?: number; signal?: AbortSignal; grace?: number } = {},
  ) {
    const file = join(folder, 'tiny.spec.ts');
    await writeFile(file, source);
    const { grep, timeout = 2_000, signal = new AbortController().signal, grace = 200 } = options;
    const events = new EventStream();
    const seen: RunEvent[] = [];
    events.subscribe((event) => seen.push(event));
    const loaded = await loadSpecs({ files: [file], selection: parseSelection(grep), timeout, root: folder });
    const counts = await runSpecs(loaded, { events, signal, folder, grace });
    expect(events.readerErrors).to.deep.equal([]);
    const finished = seen.filter((event): event is Finished => event.kind === 'spec-finished');
    const outcomes = Object.fromEntries(finished.map(({ spec, result }) => [spec.id, result.outcome]));
    const resultOf = (id: string) => {
      const found = finished.find(({ spec }) => spec.id === id);
      if (!found) throw new Error(`no result for ${id}`);
      return found.result;
    };
    const failureOf = (id: string) => {
      const result = resultOf(id);
      if (result.outcome !== 'failed') throw new Error(`${id} ${result.outcome}`);
      return result.error;
    };
    return { counts, seen, finished, outcomes, resultOf, failureOf };
  }

  it('tells passing, failing and skipped specs, each started and finished once, in order', async () => {
    const { counts, seen, outcomes, resultOf, failureOf } = await run(`
      import { skip } from '${support}/skip.ts';
      describe('binding', () => {
        it('TINY-1 a claim is bound', () => {});
        describe('a closer look', () => {
          it('TINY-2 a claim is lost', () => { throw new TypeError('it is not'); });
          it('TINY-3 a claim needs xfs', async function () { skip(this, 'no mkfs.xfs on the nodes'); });
          it.skip('TINY-4 a claim is left out', () => {});
        });
      });`);
    expect(outcomes).to.deep.equal({
      'TINY-1': 'passed',
      'TINY-2': 'failed',
      'TINY-3': 'skipped',
      'TINY-4': 'skipped',
    });
    expect(counts).to.deep.equal({ planned: 4, passed: 1, failed: 1, skipped: 2 });
    expect(seen.map((event) => ('spec' in event ? `${event.kind} ${event.spec.id}` : event.kind))).to.deep.equal([
      'specs-planned',
      ...['TINY-1', 'TINY-2', 'TINY-3', 'TINY-4'].flatMap((id) => [`spec-started ${id}`, `spec-finished ${id}`]),
    ]);
    const started = seen.find((event) => event.kind === 'spec-started');
    expect(started?.spec).to.deep.equal({
      id: 'TINY-1',
      chapter: 'binding',
      title: 'a claim is bound',
      file: 'tiny.spec.ts',
      line: 4,
    });
    expect(failureOf('TINY-2')).to.include({ message: 'it is not', name: 'TypeError' });
    expect(failureOf('TINY-2').stack).to.include('tiny.spec.ts');
    expect(resultOf('TINY-3')).to.include({ reason: 'no mkfs.xfs on the nodes' });
    expect(resultOf('TINY-4')).to.include({ reason: 'marked as skipped in the spec file, without a reason' });
  });

  it('tells every spec behind a failing before hook as failed, with the hook named', async () => {
    const { outcomes, failureOf } = await run(`
      describe('outer', () => {
        describe('broken', () => {
          before('make the class', () => { throw new Error('no class'); });
          it('TINY-1 one', () => {});
          describe('within', () => { it('TINY-2 two', () => {}); });
        });
        it('TINY-3 three', () => {});
      });`);
    expect(outcomes).to.deep.equal({ 'TINY-1': 'failed', 'TINY-2': 'failed', 'TINY-3': 'passed' });
    expect(failureOf('TINY-2')).to.include({
      message: 'the "before all" hook of "broken" failed: no class',
      hook: 'the "before all" hook of "broken"',
    });
  });

  it('tells every spec behind a failing beforeEach hook as failed, those of sibling suites too', async () => {
    const { outcomes, failureOf, counts } = await run(`
      describe('outer', () => {
        beforeEach(() => { throw new Error('no namespace'); });
        describe('a', () => { it('TINY-1 one', () => {}); it('TINY-2 two', () => {}); });
        describe('b', () => { it('TINY-3 three', () => {}); });
      });
      describe('other', () => { it('TINY-4 four', () => {}); });`);
    expect(outcomes).to.deep.equal({ 'TINY-1': 'failed', 'TINY-2': 'failed', 'TINY-3': 'failed', 'TINY-4': 'passed' });
    for (const id of ['TINY-1', 'TINY-2', 'TINY-3']) {
      expect(failureOf(id).message).to.equal('the "before each" hook of "outer" failed: no namespace');
    }
    expect(counts).to.deep.equal({ planned: 4, passed: 1, failed: 3, skipped: 0 });
  });

  it('fails a spec whose afterEach hook fails, and tells the specs which that keeps from running', async () => {
    const { failureOf, outcomes } = await run(`
      describe('outer', () => {
        afterEach(() => { throw new Error('disk not released'); });
        it('TINY-1 one', () => { throw new Error('first'); });
        it('TINY-2 two', () => {});
      });`);
    expect(outcomes).to.deep.equal({ 'TINY-1': 'failed', 'TINY-2': 'failed' });
    expect(failureOf('TINY-1').message).to.equal(
      'first\nafterwards, the "after each" hook of "outer" failed: disk not released',
    );
    expect(failureOf('TINY-2').message).to.equal('the "after each" hook of "outer" failed: disk not released');
  });

  it('tells a failing after hook as a failure of its own', async () => {
    const { failureOf, counts } = await run(`
      describe('outer', () => {
        after(() => { throw new Error('left behind'); });
        it('TINY-1 one', () => {});
      });`);
    expect(failureOf('HOOK')).to.include({ message: 'left behind' });
    expect(counts).to.deep.equal({ planned: 1, passed: 1, failed: 1, skipped: 0 });
  });

  it('lists the evidence that each spec kept, without that of others', async () => {
    const { resultOf } = await run(`
      import { keepEvidence } from '${support}/evidence.ts';
      const folder = ${JSON.stringify(folder)};
      describe('binding', () => {
        it('TINY-1 one', () => { keepEvidence(folder, 'TINY-1', 'claim', { a: 1 }); });
        it('TINY-1 two', () => { keepEvidence(folder, 'TINY-1', 'claim', 'text'); });
        afterEach(() => { keepEvidence(folder, 'TINY-1', 'after', 'text'); });
      });`);
    expect(resultOf('TINY-1').evidence).to.deep.equal([
      'evidence/TINY-1/01-claim.json',
      'evidence/TINY-1/02-after.txt',
    ]);
  });

  it('stops a spec that takes too long through its signal, so that the spec can say what it saw', async () => {
    const { failureOf, outcomes } = await run(
      `
      import { currentSpec } from '${support}/current-spec.ts';
      describe('waiting', () => {
        it('TINY-1 for ever', async () => {
          const { signal } = currentSpec();
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          throw new Error('the claim was Pending all along');
        });
        it('TINY-2 next', () => {});
      });`,
      { timeout: 50 },
    );
    expect(failureOf('TINY-1').message).to.equal('the claim was Pending all along');
    expect(outcomes['TINY-2']).to.equal('passed');
  });

  it('gives a spec the time that it asks for itself', async () => {
    const { outcomes } = await run(
      `
      import { currentSpec } from '${support}/current-spec.ts';
      describe('slow', () => {
        it('TINY-1 asks', async function () { this.timeout(2000); await new Promise((r) => setTimeout(r, 150)); if (currentSpec().signal.aborted) throw new Error('stopped'); });
      });`,
      { timeout: 50 },
    );
    expect(outcomes).to.deep.equal({ 'TINY-1': 'passed' });
  });

  it('interrupts the running spec and tells the others as skipped', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('interrupted by SIGINT')), 50);
    const { outcomes, resultOf, counts } = await run(
      `
      import { currentSpec } from '${support}/current-spec.ts';
      describe('waiting', () => {
        it('TINY-0 before', () => {});
        it('TINY-1 for ever', async () => {
          const { signal } = currentSpec();
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        });
        it('TINY-2 next', () => {});
      });`,
      { signal: controller.signal },
    );
    expect(outcomes).to.deep.equal({ 'TINY-0': 'passed', 'TINY-1': 'skipped', 'TINY-2': 'skipped' });
    expect(resultOf('TINY-1')).to.include({ reason: 'interrupted by SIGINT while it was running' });
    expect(resultOf('TINY-2')).to.include({ reason: 'interrupted by SIGINT before it began' });
    expect(counts).to.deep.equal({ planned: 3, passed: 1, failed: 0, skipped: 2 });
  });

  it('does not wait longer than the grace for an interrupted spec that ignores its signal', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('interrupted by SIGINT')), 50);
    const start = performance.now();
    const { outcomes, resultOf } = await run(
      `describe('deaf', () => { it('TINY-1 for a while', () => new Promise((r) => setTimeout(r, 1500))); });`,
      { signal: controller.signal, grace: 100 },
    );
    expect(performance.now() - start).to.be.below(1_400);
    expect(outcomes).to.deep.equal({ 'TINY-1': 'skipped' });
    expect(resultOf('TINY-1')).to.include({ reason: 'interrupted by SIGINT before it was through' });
  });

  it('runs the selected specs only, also where a hook fails', async () => {
    const source = `describe('a', () => {
      before(() => { throw new Error('x'); });
      it('TINY-1 one', () => {});
      it('TINY-10 ten', () => {});
    });`;
    expect((await run(source, { grep: 'TINY-1' })).outcomes).to.deep.equal({ 'TINY-1': 'failed' });
  });

  async function refusal(source: string, grep?: string): Promise<DomainError> {
    const outcome = await run(source, grep === undefined ? {} : { grep }).catch((error: unknown) => error);
    if (!(outcome instanceof DomainError)) throw new Error('it was not refused with a DomainError');
    expect(outcome.exit).to.equal('badUsage');
    return outcome;
  }

  it('refuses a selection without specs', async () => {
    const error = await refusal(`describe('a', () => { it('TINY-1 one', () => {}); });`, 'SEED-99');
    expect(error.message).to.include('--grep SEED-99').and.to.include('none of 1 specs');
  });

  it('refuses a title without the id of a requirement', async () => {
    expect((await refusal(`it('a claim is bound', () => {});`)).message).to.include('a claim is bound');
  });

  it('refuses .only', async () => {
    expect((await refusal(`it.only('TINY-1 one', () => {});`)).message).to.include('only');
  });

  it('names a spec file that cannot be loaded', async () => {
    expect((await refusal(`import './absent.ts';`)).message)
      .to.include('tiny.spec.ts')
      .and.to.include('absent.ts');
  });
});
