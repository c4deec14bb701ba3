import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { projectRoot } from '../../clusters/project-root.ts';
import type { KnownIssue, Requirement } from '../catalogue/catalogue.ts';
import type { NotRun } from '../catalogue/features.ts';
import { EventStream, type RunEvent } from './events.ts';
import { loadSpecs } from './load.ts';
import { apiAftermath, type Outage, runSpecs } from './run-specs.ts';
import { parseSelection, selects } from './selection.ts';

type Finished = Extract<RunEvent, { kind: 'spec-finished' }>;

const chai = join(projectRoot, 'node_modules', 'chai', 'index.js');
const support = fileURLToPath(new URL('.', import.meta.url));

describe('running spec files', function () {
  this.timeout(20_000);
  const nodes = ['node1', 'node2', 'node3'];
  const tinyIds = [0, 1, 2, 3, 4, 5, 10].map((number) => `TINY-${number}`);
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-specs-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function run(
    source: string,
    options: {
      grep?: string;
      timeout?: number;
      /** Id of the spec that is running when the run is interrupted. */
      interruptIn?: string;
      grace?: number;
      jobs?: number;
      /** Ids of specs that touch what they lock, or the whole cluster. */
      disruptive?: string[];
      /** What specs lock for themselves, by id. */
      exclusive?: Record<string, string[]>;
      /** Groups of specs, by id. */
      group?: Record<string, string>;
      /** Ids of specs with `nodes: any`. */
      anywhere?: string[];
      /** Seconds that specs took, by id; none is known of the others. */
      durations?: Record<string, number>;
      knownIssue?: KnownIssue;
      whyNotRun?: (requirement: Requirement) => NotRun | undefined;
      assertHealthy?: (nodes?: readonly string[]) => Promise<void>;
      assertReachable?: () => Promise<void>;
      outages?: () => Promise<readonly Outage[]>;
      open?: () => Promise<void>;
      close?: () => Promise<void>;
    } = {},
  ) {
    const file = join(folder, 'tiny.spec.ts');
    const { grep, timeout = 2_000, interruptIn, grace = 200, jobs = 1 } = options;
    const { disruptive = [], exclusive = {}, group = {}, anywhere = [], durations = {} } = options;
    const { assertHealthy, assertReachable, outages, whyNotRun, open, close } = options;
    const { knownIssue } = options;
    const requirements = tinyIds.map((id) => ({
      id,
      chapter: 'binding',
      sentence: `${id} holds`,
      exclusive: exclusive[id] ?? [],
      ...(group[id] !== undefined && { group: group[id] }),
      features: disruptive.includes(id) ? ['disruptive'] : [],
      nodes: anywhere.includes(id) ? 'any' : 'all',
      leastNodes: 1,
      ...(knownIssue && { knownIssue }),
    }));
    const chapter = `import { chapterOf } from '${support}registry.ts'; import { knownIssue } from '${support}known-issue.ts'; import { expect } from '${chai}'; const { proves } = chapterOf(${JSON.stringify({ chapter: 'binding', requirements })});`;
    const events = new EventStream();
    const seen: RunEvent[] = [];
    events.subscribe((event) => seen.push(event));
    const interruption = new AbortController();
    const { signal } = interruption;
    events.subscribe((event) => {
      if (event.kind !== 'spec-started' || event.spec.id !== interruptIn) return;
      setTimeout(() => interruption.abort(new Error('interrupted by SIGINT')), 20);
    });
    await writeFile(file, `${chapter}${source}`);
    const selection = parseSelection(grep);
    const choice = { asked: `--grep ${grep}`, takes: (requirement: Requirement) => selects(selection, requirement) };
    const specs = await loadSpecs({ files: [file], choice, timeout });
    const more = {
      ...(assertHealthy && { assertHealthy }),
      ...(whyNotRun && { whyNotRun }),
      ...(assertReachable && { assertReachable }),
      ...(outages && { outages }),
      ...(open && { open }),
      ...(close && { close }),
    };
    const counts = await runSpecs([specs], {
      events,
      signal,
      grace,
      seed: 42,
      jobs,
      durations: new Map(Object.entries(durations)),
      nodes,
      kubernetes: 'v1.37.2',
      ...more,
    });
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

  it('reports passing, failing and skipped specs, each started and finished once, in order', async () => {
    const { counts, seen, outcomes, resultOf, failureOf } = await run(
      `
      describe('binding', () => {
        proves('TINY-1', () => {});
        describe('a closer look', () => {
          proves('TINY-2', () => { throw new TypeError('it is not'); });
          proves('TINY-3', async () => {});
          proves('TINY-5', async () => {});
          describe.skip('left out', () => proves('TINY-4', async () => {}));
        });
      });`,
      {
        whyNotRun: ({ id }) =>
          id === 'TINY-3'
            ? { outcome: 'skipped', reason: 'no mkfs.xfs on the nodes' }
            : id === 'TINY-5'
              ? { outcome: 'notApplicable', reason: 'Kubernetes before 1.37 only' }
              : undefined,
      },
    );
    expect(outcomes).to.deep.equal({
      'TINY-1': 'passed',
      'TINY-2': 'failed',
      'TINY-3': 'skipped',
      'TINY-4': 'skipped',
      'TINY-5': 'notApplicable',
    });
    expect(counts).to.deep.equal({ planned: 5, passed: 1, failed: 1, skipped: 2, notApplicable: 1, knownIssue: 0 });
    expect(seen.map((event) => ('spec' in event ? `${event.kind} ${event.spec.id}` : event.kind))).to.deep.equal([
      'specs-planned',
      ...['TINY-1', 'TINY-2', 'TINY-3', 'TINY-5', 'TINY-4'].flatMap((id) => [
        `spec-started ${id}`,
        `spec-finished ${id}`,
      ]),
    ]);
    const started = seen.find((event) => event.kind === 'spec-started');
    expect(started?.spec).to.deep.equal({
      id: 'TINY-1',
      chapter: 'binding',
      sentence: 'TINY-1 holds',
      file: relative(projectRoot, join(folder, 'tiny.spec.ts')),
      line: 3,
    });
    expect(failureOf('TINY-2')).to.include({ message: 'it is not', name: 'TypeError' });
    expect(failureOf('TINY-2').stack).to.include('tiny.spec.ts');
    expect(resultOf('TINY-3')).to.include({ reason: 'no mkfs.xfs on the nodes' });
    expect(resultOf('TINY-4')).to.include({ reason: 'marked as skipped in the spec file, without a reason' });
  });

  /** Specs that note when they begin and end, in the order that it happens. */
  const noting = (ids: string[], milliseconds = 60) => `
    const noted = (globalThis.noted ??= []);
    describe('binding', () => {
      ${ids
        .map(
          (id) => `proves('${id}', async () => {
        noted.push('+${id}'); await new Promise((r) => setTimeout(r, ${milliseconds})); noted.push('-${id}');
      });`,
        )
        .join('\n')}
    });`;
  const noted = () => {
    const place = globalThis as { noted?: string[] };
    const { noted: seen = [] } = place;
    delete place.noted;
    return seen;
  };

  it('runs specs side by side, in as many lanes as it may', async () => {
    await run(noting(['TINY-1', 'TINY-2', 'TINY-3']), { jobs: 2 });
    expect(noted().slice(0, 3)).to.deep.equal(['+TINY-1', '+TINY-2', '-TINY-1']);
  });

  it('begins with what takes long, and with what waits for another', async () => {
    await run(noting(['TINY-1', 'TINY-2', 'TINY-3', 'TINY-4'], 1), {
      durations: { 'TINY-1': 3, 'TINY-2': 40, 'TINY-3': 9, 'TINY-4': 9 },
      exclusive: { 'TINY-3': ['disk'], 'TINY-4': ['disk'] },
    });
    const begun = noted().filter((text) => text.startsWith('+'));
    expect(begun).to.deep.equal(['+TINY-2', '+TINY-3', '+TINY-4', '+TINY-1']);
  });

  it('lets each spec know which spec it is, while others run', async () => {
    const { outcomes } = await run(
      `
      import { currentSpec } from '${support}current-spec.ts';
      describe('binding', () => {
        for (const id of ['TINY-1', 'TINY-2', 'TINY-3']) proves(id, async () => {
          await new Promise((r) => setTimeout(r, 20));
          if (currentSpec().id !== id) throw new Error(currentSpec().id);
        });
      });`,
      { jobs: 3 },
    );
    expect(Object.values(outcomes)).to.deep.equal(['passed', 'passed', 'passed']);
  });

  it('keeps specs apart that hold the same thing, and lets others pass them', async () => {
    await run(noting(['TINY-1', 'TINY-2', 'TINY-3']), {
      jobs: 2,
      exclusive: { 'TINY-1': ['disk'], 'TINY-2': ['disk'] },
    });
    const seen = noted();
    expect(seen.slice(0, 2)).to.deep.equal(['+TINY-1', '+TINY-3']);
    expect(seen.indexOf('+TINY-2')).to.be.above(seen.indexOf('-TINY-1'));
  });

  it('runs what must be alone after all others, and proves after each that the cluster is healthy', async () => {
    let proofs = 0;
    const assertHealthy = async () => {
      proofs++;
    };
    await run(noting(['TINY-1', 'TINY-2', 'TINY-3', 'TINY-4'], 20), {
      jobs: 4,
      disruptive: ['TINY-1', 'TINY-2'],
      assertHealthy,
    });
    expect(noted().slice(4)).to.deep.equal(['+TINY-1', '-TINY-1', '+TINY-2', '-TINY-2']);
    expect(proofs).to.equal(2);
  });

  it('runs what touches nodes before that, alone on its nodes, and proves that these are healthy', async () => {
    const proofs: unknown[] = [];
    const ids = ['TINY-1', 'TINY-2', 'TINY-3', 'TINY-4', 'TINY-5'];
    await run(noting(ids, 20), {
      jobs: 4,
      disruptive: ids.slice(0, 4),
      exclusive: { 'TINY-2': ['thirdNode'], 'TINY-3': ['thirdNode'], 'TINY-4': ['secondNode'] },
      assertHealthy: async (nodes) => {
        proofs.push(nodes);
      },
    });
    const seen = noted();
    expect(seen.slice(0, 4)).to.deep.equal(['+TINY-5', '-TINY-5', '+TINY-2', '+TINY-4']);
    expect(seen.indexOf('+TINY-3')).to.be.above(seen.indexOf('-TINY-2'));
    expect(seen.slice(-2)).to.deep.equal(['+TINY-1', '-TINY-1']);
    expect(proofs).to.have.deep.members([['node3'], ['node2'], ['node3'], undefined]);
  });

  it('runs a group side by side, each undisturbed in its turn, and checks the nodes when no turn goes on', async () => {
    const ids = ['TINY-1', 'TINY-2', 'TINY-3'];
    const log: string[] = [];
    Object.assign(globalThis, { noteTurn: (text: string) => log.push(text) });
    const source = ids.map(
      (id) => `
        proves('${id}', async () => {
          noteTurn('+');
          await undisturbed(async () => {
            noteTurn('turn');
            await new Promise((resolve) => setTimeout(resolve, 20));
            noteTurn('end of turn');
          });
        });`,
    );
    const { outcomes } = await run(`import { undisturbed } from '${support}current-spec.ts';${source.join('')}`, {
      jobs: 4,
      disruptive: ids,
      group: { 'TINY-1': 'all', 'TINY-2': 'all' },
      assertHealthy: async () => {
        log.push('check');
      },
    });
    Reflect.deleteProperty(globalThis, 'noteTurn');
    expect(Object.values(outcomes)).to.deep.equal(['passed', 'passed', 'passed']);
    const turn = ['turn', 'end of turn'];
    const [ofGroup, ofOther] = [
      ['+', '+', ...turn, ...turn, 'check', 'check'],
      ['+', ...turn, 'check'],
    ];
    expect(log).to.deep.equal(log[1] === '+' ? [...ofGroup, ...ofOther] : [...ofOther, ...ofGroup]);
  });

  it('begins, of what touches nodes, with what has several, then with what takes long', async () => {
    const ids = ['TINY-1', 'TINY-2', 'TINY-3'];
    await run(noting(ids, 1), {
      disruptive: ids,
      durations: { 'TINY-1': 20, 'TINY-2': 50, 'TINY-3': 5 },
      exclusive: { 'TINY-1': ['thirdNode'], 'TINY-2': ['thirdNode'], 'TINY-3': ['secondNode', 'thirdNode'] },
    });
    expect(noted().filter((text) => text.startsWith('+'))).to.deep.equal(['+TINY-3', '+TINY-2', '+TINY-1']);
  });

  it('gives a spec for any node one that no other spec uses, and runs it meanwhile', async () => {
    const source = noting(['TINY-1', 'TINY-2', 'TINY-3', 'TINY-4'], 40).replaceAll(
      /noted\.push\('\+(TINY-\d)'\)/g,
      "noted.push('+$1 ' + (currentSpec().nodes?.join() ?? 'everywhere'))",
    );
    await run(`import { currentSpec } from '${support}current-spec.ts';${source}`, {
      jobs: 4,
      disruptive: ['TINY-1', 'TINY-2', 'TINY-4'],
      exclusive: { 'TINY-1': ['thirdNode'], 'TINY-2': ['firstNode'] },
      anywhere: ['TINY-3'],
    });
    const seen = noted();
    expect(seen.slice(0, 3)).to.deep.equal(['+TINY-1 everywhere', '+TINY-2 everywhere', '+TINY-3 node2']);
    expect(seen.slice(-2), 'what has the whole cluster').to.deep.equal(['+TINY-4 everywhere', '-TINY-4']);
  });

  it('fails the spec that leaves the cluster unhealthy, and runs none after it', async () => {
    const { outcomes, failureOf, resultOf } = await run(noting(['TINY-1', 'TINY-2'], 1), {
      disruptive: ['TINY-1', 'TINY-2'],
      assertHealthy: () => Promise.reject(new Error('node2 is cordoned')),
    });
    noted();
    expect(outcomes).to.deep.equal({ 'TINY-1': 'failed', 'TINY-2': 'skipped' });
    expect(failureOf('TINY-1').message).to.equal('node2 is cordoned');
    expect(resultOf('TINY-2')).to.include({ reason: 'TINY-1 left the cluster unhealthy before it began' });
  });

  describe('where API server or engine answer no more', () => {
    const dead = new DomainError({ attempted: 'asking the API server whether it is ready', seen: 'ECONNREFUSED' });
    const refuse = () => Promise.reject(dead);
    const failing = `describe('a', () => {
      proves('TINY-1', async () => { throw new Error('no connection'); });
      proves('TINY-2', async function () { await new Promise((resolve) => setTimeout(resolve, 10_000)); });
      proves('TINY-3', async () => {});
    });`;
    const blamed = (seen: RunEvent[]) =>
      seen.flatMap((event) => (event.kind === 'action-finished' && event.action === 'specs' ? [event.error] : []));

    it('blames the environment, and reports the specs that it took as skipped', async () => {
      let closed = false;
      const { outcomes, resultOf, seen, counts } = await run(failing, {
        jobs: 2,
        assertReachable: refuse,
        close: async () => {
          closed = true;
        },
      });
      expect(outcomes).to.deep.equal({ 'TINY-1': 'skipped', 'TINY-2': 'skipped', 'TINY-3': 'skipped' });
      const lost = 'the environment failed';
      expect(resultOf('TINY-1')).to.include({ reason: `${lost} while it was running` });
      expect(resultOf('TINY-2')).to.include({ reason: `${lost} while it was running` });
      expect(resultOf('TINY-3')).to.include({ reason: `${lost} before it began` });
      expect(counts).to.include({ failed: 0, skipped: 3 });
      expect(blamed(seen)).to.deep.equal([dead]);
      expect(closed, 'looked for what is left').to.equal(false);
    });

    const lastLook = (exit: 'environment' | 'doesNotConform') =>
      run(noting(['TINY-1']), { close: () => Promise.reject(new DomainError({ attempted: 'looking' }, { exit })) });

    it('blames it too where the last look at the cluster fails', async () => {
      const { outcomes, seen } = await lastLook('environment');
      expect(outcomes).to.deep.equal({ 'TINY-1': 'passed' });
      expect(blamed(seen)).to.have.length(1);
    });

    it('blames the cluster where that look finds what is left on a node', async () => {
      const { failureOf, seen } = await lastLook('doesNotConform');
      expect(failureOf('CLOSE').message).to.equal('looking');
      expect(blamed(seen)).to.deep.equal([]);
    });

    it('blames it too where the cluster cannot be looked at beforehand', async () => {
      const { outcomes, seen } = await run(noting(['TINY-1']), { open: refuse });
      expect(outcomes).to.deep.equal({ 'TINY-1': 'skipped' });
      expect(blamed(seen)).to.deep.equal([dead]);
    });

    const unanswered = `
      import { ApiUnreachable } from '${support}../../clusters/api/refusal.ts';
      const noAnswer = async () => { throw new ApiUnreachable('creating an object', 'Pod x', 'ECONNRESET'); };`;

    it('blames it too where every failure is a request without an answer', async () => {
      const source = `${unanswered}describe('a', () => { proves('TINY-1', noAnswer); proves('TINY-2', () => {}); });`;
      const { outcomes, seen } = await run(source);
      expect(outcomes).to.deep.equal({ 'TINY-1': 'skipped', 'TINY-2': 'passed' });
      expect(blamed(seen)).to.have.length(1);
    });

    it('blames it too where the harness could not write what a spec had seen', async () => {
      const full =
        "async () => { throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }); }";
      const { outcomes, resultOf, seen, counts } = await run(`describe('a', () => { proves('TINY-1', ${full}); });`);
      expect(outcomes).to.deep.equal({ 'TINY-1': 'skipped' });
      const reason = 'the disk for the report is full: ENOSPC: no space left on device, write';
      expect(resultOf('TINY-1')).to.include({ reason });
      expect(counts).to.include({ failed: 0, skipped: 1 });
      expect(blamed(seen)).to.have.length(1);
    });

    it('blames it too where what a spec needs of the harness could not be made', async () => {
      const source = `
        import { PreparationFailed } from '${support}../../clusters/errors/domain-error.ts';
        const unprepared = async () => { throw new PreparationFailed({ attempted: 'loading an image' }); };
        describe('a', () => { proves('TINY-1', unprepared); proves('TINY-2', () => {}); });`;
      const { outcomes, resultOf, seen } = await run(source);
      expect(outcomes).to.deep.equal({ 'TINY-1': 'skipped', 'TINY-2': 'passed' });
      expect(resultOf('TINY-1')).to.include({ reason: 'it could not be prepared: loading an image' });
      expect(blamed(seen)).to.have.length(1);
    });

    it('blames the cluster where one of several failures is a refutation', async () => {
      const refuted = "proves('TINY-2', () => { throw new Error('refuted'); });";
      const { seen } = await run(`${unanswered}describe('a', () => { proves('TINY-1', noAnswer); ${refuted} });`);
      expect(blamed(seen)).to.deep.equal([]);
    });

    for (const [when, ago, blames] of [
      ['during an outage of the API server', 0, 1],
      ['soon after one', 50_000, 1],
      ['long after one', 70_000, 0],
    ] as const) {
      it(`blames it ${blames ? '' : 'not '}for a spec that fails ${when}`, async () => {
        const failing = "describe('a', () => proves('TINY-1', () => { throw new Error('late'); }));";
        const { outcomes, seen } = await run(failing, {
          outages: async () => [{ what: 'the API server', at: performance.now() - ago, felt: apiAftermath }],
        });
        expect(outcomes).to.deep.equal({ 'TINY-1': blames ? 'skipped' : 'failed' });
        expect(blamed(seen)).to.have.length(blames);
      });
    }

    it('blames it also where the failure for itself would refute a promise, such as a spec that took too long', async () => {
      const source = `
        import { DomainError } from '${support}../../clusters/errors/domain-error.ts';
        const late = () => { throw new DomainError({ attempted: 'waiting' }, { exit: 'doesNotConform' }); };
        describe('a', () => proves('TINY-1', late));`;
      const { seen } = await run(source, {
        outages: async () => [{ what: 'an agent', at: performance.now(), felt: 0 }],
      });
      expect(blamed(seen)).to.have.length(1).and.have.nested.property('[0].exit', 'environment');
    });

    it('blames only the spec while they answer', async () => {
      const { outcomes, seen } = await run("describe('a', () => proves('TINY-1', () => { throw new Error('x'); }));", {
        assertReachable: async () => {},
      });
      expect(outcomes).to.deep.equal({ 'TINY-1': 'failed' });
      expect(blamed(seen)).to.deep.equal([]);
    });
  });

  it('fails the run for an error that belongs to no spec, and for one of closing', async () => {
    // Mocha, which runs this test, listens too.
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const { failureOf, counts } = await run(
      `describe('a', () => { proves('TINY-1', async () => {
        setImmediate(() => { throw new Error('stray'); });
        await new Promise((r) => setTimeout(r, 30));
      }); });`,
      { close: () => Promise.reject(new Error('a namespace is left')) },
    ).finally(() => {
      for (const listener of listeners) process.on('uncaughtException', listener);
    });
    expect(failureOf('UNCAUGHT').message).to.equal('stray');
    expect(failureOf('CLOSE').message).to.equal('a namespace is left');
    expect(counts).to.deep.equal({ planned: 1, passed: 1, failed: 2, skipped: 0, notApplicable: 0, knownIssue: 0 });
  });

  it('lists the evidence that each spec kept, without that of others', async () => {
    const { resultOf } = await run(`
      import { currentSpec } from '${support}current-spec.ts';
      import { keepEvidence } from '${support}evidence.ts';
      const folder = ${JSON.stringify(folder)};
      describe('binding', () => {
        proves('TINY-1', () => { keepEvidence(folder, currentSpec(), 'claim', { a: 1 }); });
        proves('TINY-2', () => { keepEvidence(folder, currentSpec(), 'claim', 'text'); });
      });`);
    expect(resultOf('TINY-1').evidence).to.deep.equal(['evidence/TINY-1/01-claim.json']);
    expect(resultOf('TINY-2').evidence).to.deep.equal(['evidence/TINY-2/01-claim.txt']);
  });

  it('stops a spec that takes too long through its signal, so that the spec can say what it saw', async () => {
    const { failureOf, outcomes } = await run(
      `
      import { currentSpec } from '${support}current-spec.ts';
      describe('waiting', () => {
        proves('TINY-1', async () => {
          const { signal } = currentSpec();
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          throw new Error('the claim was Pending all along');
        });
        proves('TINY-2', () => {});
      });`,
      { timeout: 50 },
    );
    expect(failureOf('TINY-1').message).to.equal('the claim was Pending all along');
    expect(outcomes['TINY-2']).to.equal('passed');
  });

  it('gives a spec the time that it asks for itself', async () => {
    const { outcomes } = await run(
      `
      import { currentSpec } from '${support}current-spec.ts';
      describe('slow', () => {
        proves('TINY-1', async function () { this.timeout(2000); await new Promise((r) => setTimeout(r, 150)); if (currentSpec().signal.aborted) throw new Error('stopped'); });
      });`,
      { timeout: 50 },
    );
    expect(outcomes).to.deep.equal({ 'TINY-1': 'passed' });
  });

  it('looks back at the namespaces of a spec that fails, and only then', async () => {
    const { failureOf, outcomes } = await run(`
      import { currentSpec } from '${support}current-spec.ts';
      const play = () => currentSpec().namespaces.push({ lastLook() { throw new Error('looked at'); } });
      describe('binding', () => {
        proves('TINY-1', async () => { play(); throw new Error('first'); });
        proves('TINY-2', async () => { play(); });
      });`);
    expect(outcomes).to.deep.equal({ 'TINY-1': 'failed', 'TINY-2': 'passed' });
    expect(failureOf('TINY-1').message).to.equal('first');
    expect(failureOf('TINY-1').diagnosis?.text).to.equal('The diagnosis could not be made: looked at');
  });

  it('interrupts the running spec and tells the others as skipped', async () => {
    const { outcomes, resultOf, counts } = await run(
      `
      import { currentSpec } from '${support}current-spec.ts';
      describe('waiting', () => {
        proves('TINY-0', () => {});
        proves('TINY-1', async () => {
          const { signal } = currentSpec();
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        });
        proves('TINY-2', () => {});
      });`,
      { interruptIn: 'TINY-1' },
    );
    expect(outcomes).to.deep.equal({ 'TINY-0': 'passed', 'TINY-1': 'skipped', 'TINY-2': 'skipped' });
    expect(resultOf('TINY-1')).to.include({ reason: 'interrupted by SIGINT while it was running' });
    expect(resultOf('TINY-2')).to.include({ reason: 'interrupted by SIGINT before it began' });
    expect(counts).to.deep.equal({ planned: 3, passed: 1, failed: 0, skipped: 2, notApplicable: 0, knownIssue: 0 });
  });

  it('does not wait longer than the grace for an interrupted spec that ignores its signal', async () => {
    const { outcomes, resultOf } = await run(
      `describe('deaf', () => { proves('TINY-1', () => new Promise((r) => setTimeout(r, 1500))); });`,
      { interruptIn: 'TINY-1', grace: 100 },
    );
    expect(outcomes).to.deep.equal({ 'TINY-1': 'skipped' });
    expect(resultOf('TINY-1')).to.include({ reason: 'interrupted by SIGINT while it was running' });
    expect(resultOf('TINY-1').milliseconds).to.be.below(1_400);
  });

  it('runs the selected specs only', async () => {
    const source = `describe('a', () => { proves('TINY-1', () => {}); proves('TINY-10', () => {}); });`;
    expect((await run(source, { grep: 'TINY-1' })).outcomes).to.deep.equal({ 'TINY-1': 'passed' });
  });

  async function refusal(source: string, grep?: string): Promise<DomainError> {
    const outcome = await run(source, grep === undefined ? {} : { grep }).catch((error: unknown) => error);
    if (!(outcome instanceof DomainError)) throw new Error('it was not refused with a DomainError');
    expect(outcome.exit).to.equal('badUsage');
    return outcome;
  }

  it('refuses a selection without specs', async () => {
    const error = await refusal(`describe('a', () => { proves('TINY-1', () => {}); });`, 'SEED-99');
    expect(error.message).to.include('--grep SEED-99').and.to.include('none of 1 specs');
  });

  it('refuses a test that proves no requirement', async () => {
    expect((await refusal(`it('a claim is bound', () => {});`)).message)
      .to.include('tiny.spec.ts: a claim is bound')
      .and.to.include('proves(');
  });

  it('refuses a requirement that the catalogue does not have', async () => {
    expect((await refusal(`proves('TINY-99', () => {});`)).message).to.include('TINY-99 is not in specs/binding');
  });

  for (const hook of ['before', 'beforeEach', 'afterEach', 'after']) {
    it(`refuses ${hook} hooks, because each spec runs by itself`, async () => {
      const error = await refusal(`describe('outer', () => { ${hook}(() => {}); proves('TINY-1', () => {}); });`);
      expect(error.message).to.include('"outer"').and.to.include('hook');
    });
  }

  it('refuses .only', async () => {
    expect((await refusal(`it.only('TINY-1 one', () => {});`)).message).to.include('only');
  });

  it('names a spec file that cannot be loaded', async () => {
    expect((await refusal(`import './absent.ts';`)).message)
      .to.include('tiny.spec.ts')
      .and.to.include('absent.ts');
  });

  describe('with a known issue of Kubernetes', () => {
    const knownIssue = (...minors: string[]): KnownIssue => ({
      url: 'https://github.com/kubernetes/kubernetes/issues/73263',
      minors,
      instead: 'one of two claims is bound',
    });
    const broken = `await knownIssue(() => expect('Bound').to.equal('Pending'));`;
    const runOne = async (body: string, minors = ['1.36', '1.37']) =>
      run(`proves('TINY-1', async () => { ${body} });`, { knownIssue: knownIssue(...minors) });

    it('is neither passed nor failed where the promise is broken in a minor that has the issue', async () => {
      const { counts, resultOf } = await runOne(broken);
      expect(counts).to.include({ passed: 0, failed: 0, skipped: 0, knownIssue: 1 });
      const result = resultOf('TINY-1');
      expect(result).to.deep.include({ outcome: 'knownIssue', issue: knownIssue('1.36', '1.37') });
      expect(result).to.have.nested.property('error.message', "expected 'Bound' to equal 'Pending'");
    });

    for (const minor of ['1.37', '1.36']) {
      it(`is passed where the promise holds in 1.37, with an issue of ${minor}`, async () => {
        const holds = `await knownIssue(async () => expect('Bound').to.equal('Bound'));`;
        expect((await runOne(holds, [minor])).outcomes).to.deep.equal({ 'TINY-1': 'passed' });
      });
    }

    it('is failed where the promise is broken in a minor that is not known to have the issue', async () => {
      const { failureOf } = await runOne(broken, ['1.36']);
      expect(failureOf('TINY-1').message).to.equal("expected 'Bound' to equal 'Pending'");
    });

    for (const [title, body, message] of [
      ['its set-up fails', `expect(1).to.equal(2); ${broken}`, 'expected 1 to equal 2'],
      ['what follows the promise fails', `await knownIssue(() => {}); expect(1).to.equal(2);`, 'expected 1 to equal 2'],
      [
        'the promise could not be tried',
        `await knownIssue(() => { throw new TypeError('x is not a function'); });`,
        'x is not a function',
      ],
      ['the spec never comes to the promise', '', 'the spec ended before any call'],
      ['the spec goes on although the promise is broken', `try { ${broken} } catch {}`, 'the spec caught its error'],
      ['it is called twice', `await knownIssue(() => {}); ${broken}`, 'it is the second call'],
      [
        'cleaning up fails, too',
        `await using _ = { async [Symbol.asyncDispose]() { throw new Error('left') } }; ${broken}`,
        "expected 'Bound' to equal 'Pending'",
      ],
    ] as const) {
      it(`is failed where ${title}`, async () => {
        const { failureOf } = await runOne(body);
        expect(failureOf('TINY-1').message).to.include(message);
      });
    }

    it('is failed where the catalogue knows of none', async () => {
      const { failureOf } = await run(`proves('TINY-1', async () => { ${broken} });`);
      expect(failureOf('TINY-1').message).to.include('its requirement has none');
    });

    it('is failed where the time of the spec is up while it waits for the promise', async () => {
      const body = `await knownIssue(() => new Promise((_, reject) => currentSpec().signal.addEventListener('abort', () => reject(currentSpec().signal.reason))));`;
      const source = `import { currentSpec } from '${support}current-spec.ts'; proves('TINY-1', async () => { ${body} });`;
      const { failureOf } = await run(source, { knownIssue: knownIssue('1.37'), timeout: 100 });
      expect(failureOf('TINY-1').message).to.include('running the spec to its end');
    });
  });
});
