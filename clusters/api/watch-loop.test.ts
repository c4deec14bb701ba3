import { expect } from 'chai';
import type { Change } from './changes.ts';
import { ManualClock, settle } from './manual-clock.ts';
import { ApiRefusal, ApiUnreachable } from './refusal.ts';
import { type WatchFault, WatchLoop, type WatchSource, watchPolicy } from './watch-loop.ts';

interface Thing {
  metadata: { name: string; uid: string; resourceVersion: string };
}

const thing = (name: string, resourceVersion: number, uid = `uid-${name}`): Thing => ({
  metadata: { name, uid, resourceVersion: String(resourceVersion) },
});
const event = (type: string, object: object): string => JSON.stringify({ type, object });
const refusal = (status: number): ApiRefusal => new ApiRefusal('watching', 'things', status, '{"message":"no"}');

/** A watch that a test writes to, closes, breaks, or leaves silent. */
class FakeWatch implements AsyncIterable<string> {
  readonly #queue: (string | Error | undefined)[] = [];
  #wake: () => void = () => {};

  send(...lines: string[]): void {
    for (const line of lines) this.#put(line);
  }
  close(): void {
    this.#put(undefined);
  }
  break(): void {
    this.#put(new Error('read ECONNRESET'));
  }
  #put(entry: string | Error | undefined): void {
    this.#queue.push(entry);
    this.#wake();
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      if (this.#queue.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
      const entry = this.#queue.shift();
      if (entry === undefined) return;
      if (entry instanceof Error) throw entry;
      yield entry;
    }
  }
}

/** Lists and watches scripted by a test, and a record of what the loop asked for. */
class FakeSource implements WatchSource<Thing> {
  readonly asked: string[] = [];
  readonly lists: ({ resourceVersion: string; items: Thing[] } | Error)[] = [];
  readonly watches: (FakeWatch | Error)[] = [];
  current = new FakeWatch();

  async list(): Promise<{ resourceVersion: string; items: Thing[] }> {
    this.asked.push('list');
    const answer = this.lists.shift() ?? new Error('no more lists');
    if (answer instanceof Error) throw answer;
    return answer;
  }

  async watch(resourceVersion: string): Promise<AsyncIterable<string>> {
    this.asked.push(`watch from ${resourceVersion}`);
    const answer = this.watches.shift() ?? new FakeWatch();
    if (answer instanceof Error) throw answer;
    this.current = answer;
    return answer;
  }
}

describe('WatchLoop', () => {
  let clock: ManualClock;
  let source: FakeSource;
  let seen: string[];
  let faults: WatchFault[];
  let recoveries: number;
  let stop: AbortController;
  let ended: Promise<unknown>;
  let loop: WatchLoop<Thing>;

  beforeEach(() => {
    clock = new ManualClock();
    source = new FakeSource();
    seen = [];
    faults = [];
    recoveries = 0;
    stop = new AbortController();
  });

  afterEach(async () => {
    stop.abort();
    await ended;
    expect(clock.pending, 'timers left behind').to.equal(0);
  });

  async function begin(...items: Thing[]): Promise<void> {
    await beginWith({ resourceVersion: '10', items });
  }

  async function beginWith(first: FakeSource['lists'][number]): Promise<void> {
    source.lists.unshift(first);
    const listener = {
      changed: ({ type, observed, object }: Change<Thing>) =>
        void seen.push(`${type} ${object.metadata.name}@${object.metadata.resourceVersion} ${observed}`),
      listed: () => {},
      faulted: (fault: WatchFault) => void faults.push(fault),
      recovered: () => {
        recoveries += 1;
      },
    };
    loop = new WatchLoop(source, listener, clock);
    ended = loop.run(stop.signal).catch((error: unknown) => error);
    await settle();
  }

  async function send(...lines: string[]): Promise<void> {
    source.current.send(...lines);
    await settle();
  }

  it('lists, then watches from the list, and tells which is which', async () => {
    await begin(thing('a', 5));
    await send(event('ADDED', thing('b', 11)), event('MODIFIED', thing('a', 12)), event('DELETED', thing('b', 13)));
    expect(source.asked).to.deep.equal(['list', 'watch from 10']);
    expect(seen).to.deep.equal(['ADDED a@5 list', 'ADDED b@11 watch', 'MODIFIED a@12 watch', 'DELETED b@13 watch']);
  });

  it('goes on from the last event or bookmark when the server closes', async () => {
    await begin();
    await send(event('ADDED', thing('a', 11)), event('BOOKMARK', { metadata: { resourceVersion: '40' } }));
    source.current.close();
    await settle();
    expect(source.asked).to.deep.equal(['list', 'watch from 10', 'watch from 40']);
    expect(faults).to.deep.equal([]);
  });

  it('goes on after a broken connection, with the first wait of the backoff', async () => {
    await begin();
    await send(event('ADDED', thing('a', 11)));
    source.current.break();
    await settle();
    expect(faults).to.deep.equal([{ kind: 'broken', message: 'read ECONNRESET', inARow: 1 }]);
    await clock.advance(watchPolicy.backoff.first - 1);
    expect(source.asked).to.have.length(2);
    await clock.advance(1);
    expect(source.asked.at(-1)).to.equal('watch from 11');
    await send(event('ADDED', thing('b', 12)));
    expect(seen.at(-1)).to.equal('ADDED b@12 watch');
    expect(recoveries).to.equal(1);
  });

  for (const [how, expire] of [
    ['an ERROR event', () => source.current.send(event('ERROR', { code: 410, reason: 'Expired', message: 'too old' }))],
    [
      'HTTP status 410',
      () => {
        source.watches.push(refusal(410));
        source.current.send(event('ADDED', thing('filler', 11)), event('DELETED', thing('filler', 12)));
        source.current.close();
      },
    ],
  ] as const) {
    it(`lists again when the resourceVersion is gone by ${how}, and finds what was missed`, async () => {
      await begin(thing('kept', 1), thing('changed', 2), thing('removed', 3), thing('replaced', 4));
      source.lists.push({
        resourceVersion: '90',
        items: [thing('kept', 1), thing('changed', 80), thing('replaced', 81, 'another'), thing('new', 82)],
      });
      expire();
      await clock.advance(watchPolicy.backoff.first);
      expect(faults.map((fault) => fault.kind)).to.deep.equal(['gone']);
      expect(source.asked.slice(-2)).to.deep.equal(['list', 'watch from 90']);
      expect(seen.filter((line) => line.endsWith('relist'))).to.deep.equal([
        'DELETED removed@3 relist',
        'DELETED replaced@4 relist',
        'MODIFIED changed@80 relist',
        'ADDED replaced@81 relist',
        'ADDED new@82 relist',
      ]);
    });
  }

  it('reads a line that is not JSON as a fault, and asks for the same events again', async () => {
    await begin();
    await send(event('ADDED', thing('a', 11)), '{"type":"MODIFIED","obj');
    expect(faults.map((fault) => fault.kind)).to.deep.equal(['garbage']);
    await clock.advance(watchPolicy.backoff.first);
    expect(source.asked.at(-1)).to.equal('watch from 11');
    await send(event('ADDED', thing('a', 11)));
    expect(seen, 'the replayed event is not reported twice').to.deep.equal(['ADDED a@11 watch']);
  });

  it('gives up a silent connection', async () => {
    await begin();
    await send(event('ADDED', thing('a', 11)));
    await clock.advance(watchPolicy.silence - 1);
    expect(faults).to.deep.equal([]);
    await clock.advance(1);
    expect(faults.map(({ kind, message }) => `${kind}: ${message}`)).to.deep.equal(['silent: nothing came for 25 s']);
    await clock.advance(watchPolicy.backoff.first);
    expect(source.asked.at(-1)).to.equal('watch from 11');
  });

  it('reports a request that failed in one line, not with all its details', async () => {
    await begin();
    source.watches.push(new ApiUnreachable('watching a collection', 'things', 'connect ECONNREFUSED'));
    await send(event('BOOKMARK', { metadata: { resourceVersion: '11' } }));
    source.current.close();
    await settle();
    expect(faults.map((fault) => fault.message)).to.deep.equal(['connect ECONNREFUSED']);
  });

  it('takes an event or a bookmark as a sign of life', async () => {
    await begin();
    await clock.advance(20_000);
    await send(event('BOOKMARK', { metadata: { resourceVersion: '12' } }));
    await clock.advance(20_000);
    expect(faults).to.deep.equal([]);
  });

  it('does not spin when the server closes at once', async () => {
    await begin();
    source.current.close();
    await settle();
    expect(faults.map((fault) => fault.kind)).to.deep.equal(['closed early']);
    expect(source.asked).to.have.length(2);
  });

  it('waits longer after each fault, and lists after three', async () => {
    await begin();
    source.lists.push({ resourceVersion: '20', items: [] });
    source.watches.push(new Error('connect ECONNREFUSED'), new Error('connect ECONNREFUSED'));
    source.current.break();
    await clock.advance(50);
    expect(source.asked).to.have.length(3);
    await clock.advance(99);
    expect(source.asked).to.have.length(3);
    await clock.advance(1);
    expect(faults.map((fault) => fault.inARow)).to.deep.equal([1, 2, 3]);
    await clock.advance(200);
    expect(source.asked.slice(-2)).to.deep.equal(['list', 'watch from 20']);
    expect(recoveries).to.equal(1);
  });

  it('compares itself with a list after a while even when all seems well, and takes in what it has lost', async () => {
    await begin();
    const list = { resourceVersion: '70', items: [thing('unseen', 60)] };
    source.lists.push(list, list);
    for (let minute = 0; minute < 3; minute += 1) {
      await clock.advance(20_000);
      await send(event('BOOKMARK', { metadata: { resourceVersion: String(20 + minute) } }));
      source.current.close();
      await settle();
    }
    expect(source.asked.filter((call) => call === 'list')).to.have.length(2);
    expect(seen).to.deep.equal([]);
    await clock.advance(watchPolicy.agreement);
    expect(source.asked.slice(-2)).to.deep.equal(['list', 'watch from 70']);
    expect(seen).to.deep.equal(['ADDED unseen@60 relist']);
  });

  it('loses no state to a list that is asked for, and resolves when it has come as far', async () => {
    await begin(thing('a', 5), thing('b', 6));
    source.lists.push({ resourceVersion: '13', items: [thing('a', 12)] });
    let done = false;
    void loop.relist().then(() => {
      done = true;
    });
    await settle();
    expect(done, 'before the watch has brought it').to.equal(false);
    await send(event('MODIFIED', thing('a', 11)), event('MODIFIED', thing('a', 12)));
    expect(done, 'b is still known').to.equal(false);
    await send(event('DELETED', thing('b', 13)), event('MODIFIED', thing('a', 14)));
    expect(done).to.equal(true);
    expect(seen.slice(2)).to.deep.equal([
      'MODIFIED a@11 watch',
      'MODIFIED a@12 watch',
      'DELETED b@13 watch',
      'MODIFIED a@14 watch',
    ]);
    expect(source.asked, 'the watch went on').to.deep.equal(['list', 'watch from 10', 'list']);
  });

  it('takes what has gone or come since the list for newer', async () => {
    await begin(thing('a', 5));
    source.lists.push({ resourceVersion: '12', items: [thing('a', 5), thing('b', 11)] });
    let done = false;
    void loop.relist().then(() => {
      done = true;
    });
    await send(event('ADDED', thing('b', 11)), event('DELETED', thing('a', 13)), event('ADDED', thing('c', 14)));
    expect(done).to.equal(true);
  });

  it('lists in place of the watch when it is asked and something is wrong, and resolves when that list is in', async () => {
    await begin();
    const refused = new Error('connect ECONNREFUSED');
    source.lists.push(refused, refused, { resourceVersion: '30', items: [thing('a', 25)] });
    let done = false;
    void loop.relist().then(() => {
      done = true;
    });
    await settle();
    expect(done, 'after the lists that failed').to.equal(false);
    await clock.advance(watchPolicy.backoff.first);
    expect(done).to.equal(true);
    expect(faults).to.have.length(1);
    expect(seen).to.deep.equal(['ADDED a@25 relist']);
  });

  it('ends with the refusal where going on is hopeless', async () => {
    await beginWith(refusal(403));
    expect(await ended)
      .to.be.instanceOf(ApiRefusal)
      .and.to.include({ status: 403 });
  });

  it('goes on when an API server that has restarted does not know its roles yet', async () => {
    await begin(thing('a', 5));
    source.watches.push(refusal(403));
    await send(event('BOOKMARK', { metadata: { resourceVersion: '11' } }));
    source.current.close();
    await settle();
    await clock.advance(watchPolicy.backoff.first);
    expect(faults).to.have.length(1);
    await send(event('MODIFIED', thing('a', 12)));
    expect(seen.at(-1)).to.equal('MODIFIED a@12 watch');
  });
});
