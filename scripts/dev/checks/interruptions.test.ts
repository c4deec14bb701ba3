import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { Interruptions } from './interruptions.ts';

/** A child process that notes the signals it gets. */
class Child extends EventEmitter {
  readonly got: unknown[] = [];

  kill(signal?: unknown): boolean {
    this.got.push(signal);
    return true;
  }
}

describe('interruptions of a test run', () => {
  it('abort at the first signal, and pass every one on to the child that runs', () => {
    const source = new EventEmitter();
    using interruptions = new Interruptions(source);
    const [first, second] = [new Child(), new Child()];
    interruptions.passOnTo(first as never);
    first.emit('exit');
    interruptions.passOnTo(second as never);
    expect(interruptions.signal.aborted).to.equal(false);
    source.emit('SIGINT');
    source.emit('SIGTERM');
    expect(interruptions.signal.reason).to.have.property('message', 'interrupted by SIGINT');
    expect([first.got, second.got]).to.deep.equal([[], ['SIGINT', 'SIGTERM']]);
  });

  it('listen no longer than the run', () => {
    const source = new EventEmitter();
    new Interruptions(source)[Symbol.dispose]();
    expect([source.listenerCount('SIGINT'), source.listenerCount('SIGTERM')]).to.deep.equal([0, 0]);
  });
});
