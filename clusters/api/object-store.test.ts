import { expect } from 'chai';
import { ManualClock, settle } from './manual-clock.ts';
import type { StoreOptions } from './object-store.ts';
import { ObjectStore } from './object-store.ts';
import type { Kind } from './objects.ts';
import { ApiRefusal } from './refusal.ts';
import { waitFor } from './wait.ts';
import { watchPolicy } from './watch-loop.ts';

/** An API whose lists a test fills; its watches stay silent until they are aborted. */
class FakeApi {
  readonly server = 'https://cluster';
  readonly lists = new Map<Kind, { name: string; resourceVersion: string }[] | Error>();
  calls: string[] = [];

  list = (kind: Kind): Promise<never> => {
    this.calls.push(kind);
    const answer = this.lists.get(kind) ?? [];
    if (answer instanceof Error) return Promise.reject(answer);
    const items = answer.map((metadata) => ({ kind, metadata: { ...metadata, uid: metadata.name } }));
    return Promise.resolve({ resourceVersion: '1', items } as never);
  };

  watch = (): Promise<AsyncIterable<string>> => new Promise(() => {});
}

describe('ObjectStore', () => {
  let clock: ManualClock;
  let api: FakeApi;
  let retries: string[];

  const open = (kinds: Kind[]): ObjectStore =>
    new ObjectStore({
      client: api as unknown as StoreOptions['client'],
      kinds,
      clock,
      progress: {
        note: () => {},
        retried: (step, attempt, reason) => void retries.push(`${step} ${attempt} ${reason}`),
      },
    });

  beforeEach(() => {
    clock = new ManualClock();
    api = new FakeApi();
    retries = [];
  });

  afterEach(() => expect(clock.pending, 'timers left behind').to.equal(0));

  it('has started when every first list is in', async () => {
    api.lists.set('Node', [{ name: 'node1', resourceVersion: '5' }]);
    api.lists.set('StorageClass', new Error('connect ECONNREFUSED'));
    await using store = open(['Node', 'StorageClass']);
    let started = false;
    const starting = store.start().then(() => {
      started = true;
    });
    await settle();
    expect(started).to.equal(false);
    expect(store.faults.map(({ kind, fault }) => `${kind} ${fault.message}`)).to.deep.equal([
      'StorageClass connect ECONNREFUSED',
    ]);
    api.lists.set('StorageClass', []);
    await clock.advance(50);
    await starting;
    expect(store.get({ kind: 'Node', name: 'node1' })?.metadata.resourceVersion).to.equal('5');
    expect(store.faults).to.deep.equal([]);
    expect(retries).to.deep.equal(['watch of StorageClass 1 broken: connect ECONNREFUSED']);
  });

  it('had an outage when a watch stays silent for too long: a server that hangs closes no connection', async () => {
    await using store = open(['Node']);
    await store.start();
    expect(store.lastOutage).to.equal(undefined);
    await clock.advance(watchPolicy.silence);
    expect(store.lastOutage).to.equal(watchPolicy.silence);
  });

  it('gives up starting at the deadline, with the last fault', async () => {
    api.lists.set('Node', new Error('connect ECONNREFUSED'));
    await using store = open(['Node']);
    const starting = store.start({ within: 1_000 }).catch(String);
    await clock.advance(1_000);
    expect(await starting)
      .to.contain('ApiUnreachable')
      .and.to.contain('within 1 s')
      .and.to.contain('Node: connect ECONNREFUSED');
  });

  it('fails, and ends every wait, when a kind may not be listed', async () => {
    const forbidden = new ApiRefusal('listing', 'nodes', 403, '{"message":"forbidden"}');
    api.lists.set('Node', forbidden);
    await using store = open(['Node', 'Pod']);
    expect(await store.start().catch((error: unknown) => error)).to.equal(forbidden);
    const waited = waitFor(store, { what: 'a pod', within: 1_000, until: () => undefined });
    expect(await waited.catch((error: unknown) => error)).to.equal(forbidden);
  });

  it('confirms with a fresh list of every kind, and takes in what a watch does not bring', async () => {
    await using store = open(['Node', 'Pod']);
    await store.start();
    api.lists.set('Node', [{ name: 'node2', resourceVersion: '9' }]);
    api.calls = [];
    const confirmed = store.confirm();
    await settle();
    expect(api.calls).to.have.members(['Node', 'Pod']);
    await clock.advance(watchPolicy.agreement);
    await confirmed;
    expect(api.calls).to.have.members(['Node', 'Pod', 'Node']);
    expect(store.history({ kind: 'Node', name: 'node2' }).map((seen) => seen.observed)).to.deep.equal(['relist']);
  });

  it('ends open waits when it is closed', async () => {
    const store = open(['Pod']);
    await store.start();
    const waited = waitFor(store, { what: 'a pod', within: 1_000, until: () => undefined }).catch(String);
    await store[Symbol.asyncDispose]();
    expect(await waited).to.contain('the store was closed');
  });
});
