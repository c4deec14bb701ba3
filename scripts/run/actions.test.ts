import { expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { EventStream, type RunEvent } from '../../specs/runner/events.ts';
import { endingOf } from '../report/model/ending.ts';
import { followSummary } from '../report/model/summary.ts';
import { type Action, type ActionJournal, performAll, undoAll } from './actions.ts';

/** Journals into the list that the actions write to as well, so that one list shows the order of it all. */
class ListJournal implements ActionJournal {
  readonly begun: string[] = [];
  readonly #log: string[];

  constructor(log: string[], begun: string[] = []) {
    this.#log = log;
    this.begun = begun;
  }

  async recordBegun(name: string): Promise<void> {
    this.#log.push(`journal: ${name} begun`);
    this.begun.push(name);
  }

  async recordDone(name: string): Promise<void> {
    this.#log.push(`journal: ${name} done`);
  }

  async recordUndone(name: string): Promise<void> {
    this.#log.push(`journal: ${name} undone`);
    this.begun.splice(this.begun.indexOf(name), 1);
  }
}

describe('performing actions', () => {
  let log: string[];
  let seen: RunEvent[];
  let events: EventStream;
  let journal: ListJournal;
  let interrupt: AbortController;

  beforeEach(() => {
    log = [];
    seen = [];
    events = new EventStream();
    events.subscribe((event) => seen.push(event));
    journal = new ListJournal(log);
    interrupt = new AbortController();
  });

  function action(name: string, more: Partial<Action> = {}): Action {
    return {
      name,
      title: `Doing ${name}`,
      deadline: 1_000,
      perform: async () => {
        log.push(`perform ${name}`);
      },
      undo: async () => {
        log.push(`undo ${name}`);
      },
      ...more,
    };
  }

  const conditions = () => ({ events, journal, signal: interrupt.signal, grace: 50 });
  const untilAborted = ({ signal }: { signal: AbortSignal }) =>
    new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));

  it('performs them in order and records each in the journal before and after', async () => {
    expect(await performAll([action('a'), action('b')], conditions())).to.deep.equal({ outcome: 'done' });
    expect(log).to.deep.equal([
      ...['journal: a begun', 'perform a', 'journal: a done'],
      ...['journal: b begun', 'perform b', 'journal: b done'],
    ]);
    expect(seen.map(({ kind }) => kind)).to.deep.equal([
      ...['action-started', 'action-finished', 'action-started', 'action-finished'],
    ]);
  });

  it('undoes everything begun in reverse after a failure, the half-done action too, and reports the first error', async () => {
    const failure = new Error('no such image');
    const performance = await performAll(
      [action('a'), action('b', { perform: () => Promise.reject(failure) }), action('c')],
      conditions(),
    );
    expect(performance).to.deep.equal({ outcome: 'failed', action: 'b', error: failure, undoFailures: [] });
    expect(log.slice(4)).to.deep.equal(['undo b', 'journal: b undone', 'undo a', 'journal: a undone']);
  });

  it('lists errors of undoing after the first one, and goes on undoing', async () => {
    const failure = new Error('no such image');
    const stuck = new Error('container is stuck');
    const performance = await performAll(
      [
        action('a'),
        action('b', { undo: () => Promise.reject(stuck) }),
        action('c', { perform: () => Promise.reject(failure) }),
      ],
      conditions(),
    );
    if (performance.outcome === 'done') throw new Error('it should not be done');
    expect(performance.error).to.equal(failure);
    expect(performance.undoFailures).to.deep.equal([{ action: 'b', error: stuck }]);
    expect(log).to.include('undo a').and.not.include('journal: b undone');
    expect(journal.begun).to.deep.equal(['b']);
  });

  it('stops an action at its deadline and says what it did last', async () => {
    const slow = action('slow', {
      deadline: 20,
      perform: (context) => {
        context.progress.note('compiling kubelet');
        return untilAborted(context);
      },
    });
    const performance = await performAll([slow], conditions());
    if (performance.outcome !== 'failed') throw new Error('it should have failed');
    expect(performance.error).to.be.instanceOf(DomainError);
    expect(String(performance.error)).to.include('not done after 0.02 s; last: compiling kubelet');
    expect(log).to.include('undo slow');
  });

  it('quotes the account that the work itself gives when its deadline stops it', async () => {
    const perform = ({ signal }: { signal: AbortSignal }) =>
      new Promise<void>((_, reject) =>
        signal.addEventListener('abort', () => reject(new DomainError({ attempted: 'node2 is not Ready' }))),
      );
    const performance = await performAll([action('slow', { deadline: 20, perform })], conditions());
    expect(String(performance.outcome === 'failed' && performance.error)).to.include('node2 is not Ready');
  });

  it('does not wait for an action that ignores its deadline', async () => {
    const deaf = action('deaf', { deadline: 20, perform: () => new Promise(() => {}) });
    expect((await performAll([deaf], conditions())).outcome).to.equal('failed');
    expect(log).to.include('undo deaf');
  });

  it('undoes what was begun when interrupted, with a signal that is not aborted', async () => {
    const reason = new Error('interrupted by SIGINT');
    let undoSignal: AbortSignal | undefined;
    const waiting = action('waiting', {
      perform: (context) => {
        setTimeout(() => interrupt.abort(reason), 10);
        return untilAborted(context);
      },
      undo: async ({ signal }) => {
        undoSignal = signal;
      },
    });
    const performance = await performAll([action('a'), waiting, action('c')], conditions());
    expect(performance).to.deep.equal({ outcome: 'interrupted', action: 'waiting', error: reason, undoFailures: [] });
    expect(undoSignal?.aborted).to.equal(false);
    expect(log).to.include('undo a').and.not.include('perform c');
  });

  it('begins nothing when it is interrupted already', async () => {
    interrupt.abort(new Error('interrupted'));
    expect((await performAll([action('a')], conditions())).outcome).to.equal('interrupted');
    expect(log).to.deep.equal([]);
  });

  it('keeps what was begun when asked to', async () => {
    const failing = action('b', { perform: () => Promise.reject(new Error('no')) });
    await performAll([action('a'), failing], { ...conditions(), keep: (outcome) => outcome === 'failed' });
    expect(log).to.not.include('undo a');
    expect(journal.begun).to.deep.equal(['a', 'b']);
  });

  it('does not perform an action that could not be recorded in the journal', async () => {
    journal.recordBegun = () => Promise.reject(new Error('disk full'));
    expect((await performAll([action('a')], conditions())).outcome).to.equal('failed');
    expect(log).to.not.include('perform a');
  });

  for (const moment of ['recordBegun', 'recordDone', 'recordUndone'] as const) {
    it(`never ends well where the journal cannot be written (${moment})`, async () => {
      journal[moment] = () => Promise.reject(new Error('ENOSPC: no space left on device'));
      const summary = followSummary();
      events.subscribe(summary.read);
      events.emit({ kind: 'run-started', run: 'r', verb: 'up', folder: '/r' });
      await performAll([action('a')], conditions());
      await undoAll([action('a')], { events, journal });
      const ending = endingOf(summary.current(), undefined);
      expect(ending.exitStatus).to.equal('environment');
      const failed = seen.find((event) => event.kind === 'action-finished' && event.outcome === 'failed');
      expect(failed)
        .to.have.property('error')
        .that.has.property('message')
        .that.matches(/ENOSPC.*make room/s);
    });
  }

  it('undoes what the journal of another process began, and names what it does not know', async () => {
    const failures = await undoAll([action('a'), action('b')], {
      events,
      journal: new ListJournal(log, ['a', 'strange', 'b']),
    });
    expect(log).to.deep.equal(['undo b', 'journal: b undone', 'undo a', 'journal: a undone']);
    expect(failures.map(({ action: name }) => name)).to.deep.equal(['strange']);
  });

  it('gives undoing its own deadline and title', async () => {
    const stuck = action('a', { undoTitle: 'Deleting a', undoDeadline: 20, undo: untilAborted });
    const failures = await undoAll([stuck], { events, journal: new ListJournal(log, ['a']) });
    expect(String(failures[0]?.error)).to.include('Deleting a').and.include('not done after 0.02 s');
    expect(seen.at(-1)).to.include({
      kind: 'action-finished',
      direction: 'undo',
      outcome: 'failed',
      title: 'Deleting a',
    });
  });

  it('hands notes and retries on as events', async () => {
    const perform: Action['perform'] = async ({ progress }) => {
      progress.note('pulling');
      progress.retried('pull', 2, 'EOF');
    };
    await performAll([action('a', { perform })], conditions());
    expect(seen[1]).to.include({ kind: 'action-noted', action: 'a', text: 'pulling' });
    expect(seen[2]).to.include({ kind: 'action-retried', action: 'a', step: 'pull', attempt: 2, reason: 'EOF' });
  });
});
