import { expect } from 'chai';
import { DomainError } from '../errors/domain-error.ts';
import { ManualClock, settle } from './manual-clock.ts';
import { ObjectHistory } from './object-history.ts';
import type { OngoingFault } from './object-store.ts';
import type { PersistentVolumeClaim } from './objects.ts';
import type { ConsistentlyOptions, WaitOptions } from './wait.ts';
import { consistently, NotConsistent, WaitTimedOut, waitFor } from './wait.ts';

const ref = { kind: 'PersistentVolumeClaim', namespace: 'demo', name: 'x' } as const;
let version = 0;

function claim(phase: string, volumeName?: string): PersistentVolumeClaim {
  version += 1;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: 'x',
      namespace: 'demo',
      uid: 'u',
      resourceVersion: String(version),
      creationTimestamp: '2026-11-23T12:00:00Z',
    },
    spec: volumeName ? { volumeName } : {},
    status: { phase },
  };
}

describe('waiting on the object store', () => {
  let clock: ManualClock;
  let store: ObjectHistory & { failure?: DomainError; faults?: OngoingFault[]; confirm?: () => Promise<void> };

  beforeEach(() => {
    clock = new ManualClock();
    store = new ObjectHistory(clock);
  });

  afterEach(() => expect(clock.pending, 'timers left behind').to.equal(0));

  const become = (phase: string, volumeName?: string): void =>
    store.record('PersistentVolumeClaim', { type: 'MODIFIED', observed: 'watch', object: claim(phase, volumeName) });

  const bound: WaitOptions<string> = {
    what: 'claim demo/x to be bound',
    on: [ref],
    within: 30_000,
    until: (view) => {
      const now = view.get(ref);
      return now?.status?.phase === 'Bound' ? now.spec?.volumeName : undefined;
    },
  };

  it('resolves at once with what is there already', async () => {
    become('Bound', 'pv-a');
    expect(await waitFor(store, bound)).to.equal('pv-a');
  });

  it('resolves with the change that brings it, and looks no more', async () => {
    let looks = 0;
    const waited = waitFor(store, {
      ...bound,
      until: (view) => {
        looks += 1;
        return bound.until(view);
      },
    });
    become('Pending');
    become('Bound', 'pv-b');
    become('Bound', 'pv-c');
    expect(await waited).to.equal('pv-b');
    expect(looks).to.equal(3);
  });

  it('does not look again while nothing changes', async () => {
    let looks = 0;
    const waited = waitFor(store, {
      ...bound,
      until: () => {
        looks += 1;
        return undefined;
      },
    }).catch(() => {});
    await clock.advance(30_000);
    await waited;
    expect(looks).to.equal(1);
  });

  it('takes false as not yet', async () => {
    const waited = waitFor(store, { ...bound, until: (view) => view.get(ref)?.status?.phase === 'Bound' });
    become('Pending');
    become('Bound', 'pv-a');
    expect(await waited).to.equal(true);
  });

  it('says at the deadline what was seen last, how long ago, how often, why, and whether more time would help', async () => {
    store.faults = [{ kind: 'Pod', fault: { kind: 'broken', message: 'read ECONNRESET', inARow: 4 }, since: 20_000 }];
    const waited = caught(waitFor(store, { ...bound, explain: () => 'no volume fits' }));
    become('Pending');
    await clock.advance(1_200);
    become('Pending');
    await clock.advance(28_799);
    await clock.advance(1);
    const thrown = await waited;
    expect(thrown).to.be.instanceOf(WaitTimedOut);
    expect((thrown as Error).message).to.equal(
      [
        'waiting for claim demo/x to be bound, at most 30 s',
        '  on:   PersistentVolumeClaim demo/x',
        '  seen: PersistentVolumeClaim demo/x: Pending; last changed 28.8 s ago; 2 changes seen',
        '        the watch of Pod has been failing for 10 s (read ECONNRESET); what is shown may be old',
        '  why:  no volume fits',
        '  do:   nothing moves any more, so more time will not help: change what is named above',
      ].join('\n'),
    );
  });

  it('tells an object that never was from one that is gone', async () => {
    const never = caught(waitFor(store, bound));
    await clock.advance(30_000);
    expect(String(await never)).to.contain('PersistentVolumeClaim demo/x: not there, and never was');
    const gone = caught(waitFor(store, bound));
    await clock.advance(29_000);
    store.record('PersistentVolumeClaim', { type: 'DELETED', observed: 'watch', object: claim('Pending') });
    await clock.advance(1_000);
    expect(String(await gone))
      .to.contain('demo/x: deleted 1 s ago, was Pending; 1 change seen')
      .and.to.contain('on a slower machine, allow more time');
  });

  it('keeps the time-out when the diagnosis itself breaks', async () => {
    const explain = (): string => {
      throw new TypeError('x is undefined');
    };
    const waited = caught(waitFor(store, { ...bound, explain }));
    await clock.advance(30_000);
    expect(await waited).to.be.instanceOf(WaitTimedOut);
    expect(String(await waited)).to.contain('(the diagnosis failed: x is undefined)');
  });

  it('ends with what until throws: some states can never become right', async () => {
    const lost = new DomainError({ attempted: 'waiting for a claim', seen: 'Lost' });
    const waited = caught(
      waitFor(store, {
        ...bound,
        until: (view) => {
          if (view.get(ref)?.status?.phase === 'Lost') throw lost;
          return undefined;
        },
      }),
    );
    become('Lost');
    expect(await waited).to.equal(lost);
  });

  it("ends with the signal's reason, and with the store's failure", async () => {
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const aborted = caught(waitFor(store, { ...bound, signal: controller.signal }));
    controller.abort(reason);
    expect(await aborted).to.equal(reason);
    expect(await caught(waitFor(store, { ...bound, signal: controller.signal }))).to.equal(reason);

    const failed = caught(waitFor(store, bound));
    store.failure = new DomainError({ attempted: 'following pods', seen: 'forbidden' });
    store.announce();
    expect(await failed).to.equal(store.failure);
  });

  describe('consistently', () => {
    const options: ConsistentlyOptions = {
      what: 'claim demo/x stays Pending',
      on: [ref],
      window: 2_000,
      unless: (view) => view.get(ref)?.status?.phase === 'Bound' && 'it was bound',
    };
    it('passes when nothing happened until the window is over, and not before', async () => {
      become('Pending');
      let over = false;
      const quiet = consistently(store, options).then(() => {
        over = true;
      });
      await clock.advance(1_999);
      expect(over).to.equal(false);
      await clock.advance(1);
      await quiet;
    });

    it('throws as soon as it happens', async () => {
      const quiet = caught(consistently(store, options));
      await clock.advance(500);
      become('Bound', 'pv-a');
      const thrown = await quiet;
      expect(thrown).to.be.instanceOf(NotConsistent);
      expect(String(thrown)).to.contain('after 0.5 s: it was bound').and.to.contain('Bound to pv-a');
    });

    it('looks once more after a fresh list: a broken watch is quiet too', async () => {
      become('Pending');
      store.confirm = async () => become('Bound', 'pv-a');
      const quiet = caught(consistently(store, options));
      await clock.advance(2_000);
      await settle();
      expect(await quiet).to.be.instanceOf(NotConsistent);
    });
  });
});

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: unknown) => error,
  );
}
