import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { Interruption, type InterruptSignal, listenForSignals } from './signals.ts';

describe('signals', () => {
  class Source extends EventEmitter {
    exited: number | undefined;
    exit(status: number): void {
      this.exited = status;
    }
  }
  let source: Source;
  let now: number;
  let said: string[];
  let interrupted: InterruptSignal[];
  let listening: ReturnType<typeof listenForSignals>;

  beforeEach(() => {
    source = new Source();
    now = 0;
    said = [];
    interrupted = [];
    listening = listenForSignals({
      interrupted: (signal) => interrupted.push(signal),
      say: (line) => said.push(line),
      cleanCommand: () => 'lpv clean k3x9qd',
      source,
      now: () => now,
    });
  });

  function send(signal: InterruptSignal, at: number): void {
    now = at;
    source.emit(signal);
  }

  it('also end a run whose terminal is closed', () => {
    send('SIGHUP', 0);
    expect(listening.signal.reason).to.be.instanceOf(Interruption).with.property('signal', 'SIGHUP');
    expect(interrupted).to.deep.equal(['SIGHUP']);
    for (const at of [300, 600, 900]) send('SIGHUP', at);
    expect(source.exited, 'as often as it likes').to.equal(undefined);
    expect(said).to.deep.equal([]);
  });

  it('abort the run once, with the signal as the reason', () => {
    send('SIGTERM', 0);
    expect(listening.signal.aborted).to.equal(true);
    expect(listening.signal.reason).to.be.instanceOf(Interruption).with.property('message', 'interrupted by SIGTERM');
    expect(interrupted).to.deep.equal(['SIGTERM']);
    expect(said).to.deep.equal([]);
  });

  it('that come twice for one keypress count once', () => {
    send('SIGINT', 0);
    send('SIGINT', 5);
    expect(said).to.deep.equal([]);
  });

  it('of a cancelled CI job do not break the clean-up', () => {
    send('SIGINT', 0);
    send('SIGTERM', 7_500);
    expect(said).to.deep.equal(['still cleaning up…']);
    expect(interrupted).to.deep.equal(['SIGINT']);
    expect(source.exited).to.equal(undefined);
  });

  it('that insist end the process with 130 and tell how to clean up', () => {
    send('SIGINT', 0);
    send('SIGINT', 1_000);
    send('SIGINT', 2_000);
    expect(source.exited).to.equal(130);
    expect(said.at(-1)).to.match(/lpv clean k3x9qd$/);
  });

  it('that come again later are answered again', () => {
    send('SIGINT', 0);
    send('SIGINT', 1_000);
    send('SIGINT', 4_000);
    expect(said).to.deep.equal(['still cleaning up…', 'still cleaning up…']);
    expect(source.exited).to.equal(undefined);
  });

  it('are left to others once disposed', () => {
    listening[Symbol.dispose]();
    expect(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM')).to.equal(0);
  });
});
