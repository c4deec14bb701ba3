import { expect } from 'chai';
import { ManualClock } from './manual-clock.ts';
import { eventCount, eventTime, ObjectHistory } from './object-history.ts';
import type { Event, PersistentVolumeClaim } from './objects.ts';

const claim = (name: string, resourceVersion: number, phase: string, uid = `uid-${name}`): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name,
    namespace: 'demo',
    uid,
    resourceVersion: String(resourceVersion),
    creationTimestamp: '2026-11-23T12:00:00Z',
    labels: { claim: name },
  },
  status: { phase },
});

const event = (name: string, about: string, fields: Partial<Event>): Event => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name, namespace: 'demo', uid: name, resourceVersion: '1', creationTimestamp: '2026-11-23T12:00:00Z' },
  involvedObject: { kind: 'PersistentVolumeClaim', namespace: 'demo', name: about, uid: `uid-${about}` },
  ...fields,
});

describe('ObjectHistory', () => {
  let clock: ManualClock;
  let store: ObjectHistory;
  const ref = { kind: 'PersistentVolumeClaim', namespace: 'demo', name: 'x' } as const;

  beforeEach(() => {
    clock = new ManualClock();
    store = new ObjectHistory(clock);
  });

  it('keeps the current state and every state before it, with both times', async () => {
    store.record('PersistentVolumeClaim', { type: 'ADDED', observed: 'watch', object: claim('x', 1, 'Pending') });
    await clock.advance(1500);
    store.record('PersistentVolumeClaim', { type: 'MODIFIED', observed: 'relist', object: claim('x', 2, 'Bound') });
    expect(store.get(ref)?.status?.phase).to.equal('Bound');
    expect(
      store.history(ref).map((seen) => [seen.type, seen.observed, seen.resourceVersion, seen.monotonic]),
    ).to.deep.equal([
      ['ADDED', 'watch', '1', 0],
      ['MODIFIED', 'relist', '2', 1500],
    ]);
    expect(store.history(ref)[1]?.at.toISOString()).to.equal('2026-11-23T12:00:01.500Z');
  });

  it('forgets nothing of what was deleted, and does not list it', () => {
    store.record('PersistentVolumeClaim', { type: 'ADDED', observed: 'list', object: claim('x', 1, 'Bound') });
    store.record('PersistentVolumeClaim', { type: 'DELETED', observed: 'watch', object: claim('x', 2, 'Bound') });
    expect(store.get(ref)).to.equal(undefined);
    expect(store.list('PersistentVolumeClaim')).to.deep.equal([]);
    expect(store.history(ref)).to.have.length(2);
  });

  it('has the changes of a kind in the order in which they arrived', async () => {
    store.record('PersistentVolumeClaim', { type: 'ADDED', observed: 'list', object: claim('x', 1, 'Pending') });
    await clock.advance(1);
    store.record('PersistentVolumeClaim', { type: 'ADDED', observed: 'watch', object: claim('y', 2, 'Pending') });
    await clock.advance(1);
    store.record('PersistentVolumeClaim', { type: 'DELETED', observed: 'watch', object: claim('x', 3, 'Pending') });
    const seen = store.changes('PersistentVolumeClaim').map(({ type, object }) => `${type} ${object.metadata.name}`);
    expect(seen).to.deep.equal(['ADDED x', 'ADDED y', 'DELETED x']);
    expect(store.changes('Pod')).to.deep.equal([]);
  });

  it('can be looked at as it was at an earlier moment', async () => {
    const record = (type: 'ADDED' | 'MODIFIED' | 'DELETED', version: number, phase: string) =>
      store.record('PersistentVolumeClaim', { type, observed: 'watch', object: claim('x', version, phase) });
    const warn = (name: string) =>
      store.record('Event', { type: 'ADDED', observed: 'watch', object: event(name, 'x', { reason: name }) });
    record('ADDED', 1, 'Pending');
    warn('first');
    await clock.advance(1000);
    const past = store.upTo(clock.monotonic());
    await clock.advance(1000);
    record('MODIFIED', 2, 'Bound');
    record('DELETED', 3, 'Bound');
    warn('second');
    const later = store.upTo(1000);
    for (const view of [past, later]) {
      expect(view.get(ref)?.status?.phase).to.equal('Pending');
      expect(view.list('PersistentVolumeClaim')).to.have.length(1);
      expect(view.history(ref)).to.have.length(1);
      expect(view.eventsOf(ref).map(({ reason }) => reason)).to.deep.equal(['first']);
      expect(view.clock.now().toISOString()).to.equal('2026-11-23T12:00:01.000Z');
      expect(view.clock.monotonic()).to.equal(1000);
    }
    expect(store.upTo(2000).history(ref)).to.have.length(3);
  });

  it('lists by name, label and condition', () => {
    for (const name of ['b', 'c', 'a']) {
      store.record('PersistentVolumeClaim', { type: 'ADDED', observed: 'list', object: claim(name, 1, 'Pending') });
    }
    const names = (...filter: Parameters<typeof store.list<'PersistentVolumeClaim'>>): string[] =>
      store.list(...filter).map((object) => object.metadata.name);
    expect(names('PersistentVolumeClaim')).to.deep.equal(['a', 'b', 'c']);
    expect(names('PersistentVolumeClaim', { labels: { claim: 'b' } })).to.deep.equal(['b']);
    expect(names('PersistentVolumeClaim', { namespace: 'other' })).to.deep.equal([]);
    expect(names('PersistentVolumeClaim', { where: ({ metadata }) => metadata.name > 'a' })).to.deep.equal(['b', 'c']);
  });

  it('gives the events of an object in the order of their time, by name or uid, also those the API dropped', () => {
    const events = [
      event('second', 'x', { lastTimestamp: '2026-11-23T12:00:09Z' }),
      event('first', 'x', { eventTime: '2026-11-23T12:00:03.000000Z' }),
      event('foreign', 'y', {}),
    ];
    for (const object of events) store.record('Event', { type: 'ADDED', observed: 'watch', object });
    store.record('Event', { type: 'DELETED', observed: 'watch', object: events[1] ?? event('first', 'x', {}) });
    expect(store.eventsOf(ref).map(({ metadata }) => metadata.name)).to.deep.equal(['first', 'second']);
    expect(store.eventsOf({ uid: 'uid-y' }).map(({ metadata }) => metadata.name)).to.deep.equal(['foreign']);
  });

  it('tells listeners of each change until they leave', () => {
    let calls = 0;
    const leave = store.onChange(() => {
      calls += 1;
    });
    store.record('PersistentVolumeClaim', { type: 'ADDED', observed: 'list', object: claim('x', 1, 'Pending') });
    leave();
    store.record('PersistentVolumeClaim', { type: 'MODIFIED', observed: 'watch', object: claim('x', 2, 'Bound') });
    expect(calls).to.equal(1);
  });

  it('reads the time and count of an event from whichever field its component fills', () => {
    const series = { count: 4, lastObservedTime: '2026-11-23T12:01:00.000000Z' };
    expect(eventTime(event('e', 'x', { series, eventTime: '2026-11-23T12:00:00.000000Z' }))).to.equal(
      Date.parse('2026-11-23T12:01:00Z'),
    );
    expect(eventCount(event('e', 'x', { series }))).to.equal(4);
    expect(eventCount(event('e', 'x', { count: 3 }))).to.equal(3);
    expect(eventCount(event('e', 'x', {}))).to.equal(1);
    expect(eventTime(event('e', 'x', {}))).to.equal(Date.parse('2026-11-23T12:00:00Z'));
  });
});
