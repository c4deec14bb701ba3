import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { passOnSignals } from './soak.ts';

describe('a signal to a soak', () => {
  it('reaches the process that runs, and is known where it came while none did', () => {
    const source = new EventEmitter() as EventEmitter & Pick<NodeJS.Process, 'on' | 'off'>;
    const told: string[] = [];
    const child = { kill: (signal: string) => void told.push(signal) };
    {
      using interruptions = passOnSignals(source);
      expect(interruptions.came()).to.equal(false);
      source.emit('SIGTERM');
      expect([interruptions.came(), told]).to.deep.equal([true, []]);
      interruptions.passOnTo(child);
      source.emit('SIGINT');
      expect(told).to.deep.equal(['SIGINT']);
    }
    expect(source.eventNames(), 'listens no more').to.deep.equal([]);
  });
});
