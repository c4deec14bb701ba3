import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { type Locks, runWithLocks } from './locks.ts';

interface Task extends Partial<Locks> {
  name: string;
  /** Milliseconds it takes; 20 where not given. */
  takes?: number;
}

describe('work with locks', () => {
  const never = new AbortController().signal;

  /** When tasks begin (`+a`) and end (`-a`). */
  async function order(tasks: Task[], jobs = 4, stop: AbortSignal = never): Promise<string[]> {
    const seen: string[] = [];
    await runWithLocks(tasks, {
      jobs,
      stop,
      locksOf: ({ exclusive = [], shared = [] }) => ({ exclusive, shared }),
      run: async ({ name, takes = 20 }) => {
        seen.push(`+${name}`);
        await pause(takes);
        seen.push(`-${name}`);
      },
    });
    return seen;
  }

  it('begins in order, as many at once as there are jobs', async () => {
    const seen = await order([{ name: 'a' }, { name: 'b', takes: 500 }, { name: 'c' }], 2);
    expect(seen).to.deep.equal(['+a', '+b', '-a', '+c', '-c', '-b']);
  });

  it('shares things', async () => {
    const [one, two] = [
      { name: 'a', shared: ['node1'] },
      { name: 'b', shared: ['node1'] },
    ];
    expect((await order([one, two])).slice(0, 2)).to.deep.equal(['+a', '+b']);
  });

  it('waits with an exclusive lock until no one shares the thing, and the other way round', async () => {
    const used = [
      { name: 'user', shared: ['node1'] },
      { name: 'holder', exclusive: ['node1'] },
      { name: 'other', shared: ['node1'] },
      { name: 'free', shared: ['node2'], takes: 5 },
    ];
    // The second user passes the holder, which waits until both are through.
    expect((await order(used)).slice(-2)).to.deep.equal(['+holder', '-holder']);
    const held = await order(used.toSorted((a) => (a.name === 'holder' ? -1 : 0)));
    expect(held.slice(0, 2)).to.deep.equal(['+holder', '+free']);
  });

  it('counts who shares a thing as one begins', async () => {
    const seen: number[] = [];
    await runWithLocks(['a', 'b', 'c'], {
      jobs: 2,
      stop: never,
      locksOf: (_, users) => ({ exclusive: [], shared: ['node1'], before: users('node1') }),
      run: async (_, { before }) => {
        seen.push(before);
        await pause(10);
      },
    });
    expect(seen).to.deep.equal([0, 1, 1]);
  });

  it('begins nothing once it is to stop, and waits for what goes on', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);
    expect(await order([{ name: 'a' }, { name: 'b' }], 1, controller.signal)).to.deep.equal(['+a', '-a']);
  });
});
