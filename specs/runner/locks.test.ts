import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { type Locks, runWithLocks, Shareable } from './locks.ts';

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
      locksOf: ({ exclusive = [], shared = [], group }) => ({ exclusive, shared, group }),
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
    // The second user does not pass the holder, which waits for the first.
    const waited = await order(used);
    expect(waited.slice(0, 2)).to.deep.equal(['+user', '+free']);
    expect(waited.slice(-4)).to.deep.equal(['+holder', '-holder', '+other', '-other']);
    const held = await order(used.toSorted((a) => (a.name === 'holder' ? -1 : 0)));
    expect(held.slice(0, 2)).to.deep.equal(['+holder', '+free']);
  });

  it('lets a group have a thing together, and no one else', async () => {
    const seen = await order([
      { name: 'a', exclusive: ['node1'], group: 'one' },
      { name: 'other', exclusive: ['node1'] },
      { name: 'b', exclusive: ['node1'], group: 'one', takes: 60 },
      { name: 'another', exclusive: ['node1'], group: 'two' },
    ]);
    expect(seen.slice(0, 4)).to.deep.equal(['+a', '+b', '-a', '-b']);
    expect(seen.slice(4)).to.deep.equal(['+other', '-other', '+another', '-another']);
  });

  it('counts who shares a thing as one begins', async () => {
    const seen: number[] = [];
    await runWithLocks(['a', 'b', 'c'], {
      jobs: 2,
      stop: never,
      locksOf: (_, { users }) => ({ exclusive: [], shared: ['node1'], before: users('node1') }),
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

describe('what several use at the same time', () => {
  /** Lets each use it, then have it alone, then use it again; returns what happened in order. */
  async function together(names: string[]): Promise<string[]> {
    const seen: string[] = [];
    const thing = new Shareable();
    const go = async (name: string) => {
      using use = await thing.use();
      seen.push(`${name} begins`);
      await pause(5);
      await use
        .alone(async () => {
          seen.push(`${name} is alone`);
          await pause(5);
          if (name === 'fails') throw new Error('it fails');
          seen.push(`${name} was alone`);
        })
        .catch(() => seen.push(`${name} has failed`));
      seen.push(`${name} ends`);
    };
    await Promise.all(names.map(go));
    return seen;
  }

  it('is that of one alone while all others rest, in the order of asking', async () => {
    expect(await together(['a', 'b', 'c'])).to.deep.equal([
      ...['a begins', 'b begins', 'c begins'],
      ...['a is alone', 'a was alone', 'b is alone', 'b was alone', 'c is alone', 'c was alone'],
      ...['a ends', 'b ends', 'c ends'],
    ]);
  });

  it('is free again after a failure', async () => {
    const seen = await together(['fails', 'b']);
    expect(seen.slice(-4)).to.deep.equal(['b was alone', 'fails has failed', 'fails ends', 'b ends']);
  });

  it('begins for a late one after those that asked before', async () => {
    const thing = new Shareable();
    const seen: string[] = [];
    const early = await thing.use();
    const alone = early.alone(async () => {
      await pause(5);
      seen.push('alone');
    });
    using _late = await thing.use();
    seen.push('late');
    await alone;
    expect(seen).to.deep.equal(['alone', 'late']);
  });
});
