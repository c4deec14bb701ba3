import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { inLanes, type Needs } from './lanes.ts';

interface Task extends Partial<Needs> {
  name: string;
  /** Milliseconds it takes; 20 where not given. */
  takes?: number;
}

describe('work in lanes', () => {
  const never = new AbortController().signal;

  /** When tasks begin (`+a`) and end (`-a`). */
  async function order(tasks: Task[], lanes = 4, stop: AbortSignal = never): Promise<string[]> {
    const seen: string[] = [];
    await inLanes(tasks, {
      lanes,
      stop,
      needsOf: ({ holds = [], uses = [] }) => ({ holds, uses }),
      run: async ({ name, takes = 20 }) => {
        seen.push(`+${name}`);
        await pause(takes);
        seen.push(`-${name}`);
      },
    });
    return seen;
  }

  it('begins in order, as many at once as there are lanes', async () => {
    const seen = await order([{ name: 'a' }, { name: 'b', takes: 60 }, { name: 'c' }], 2);
    expect(seen).to.deep.equal(['+a', '+b', '-a', '+c', '-c', '-b']);
  });

  it('has things used by several at once', async () => {
    const [one, two] = [
      { name: 'a', uses: ['node1'] },
      { name: 'b', uses: ['node1'] },
    ];
    expect((await order([one, two])).slice(0, 2)).to.deep.equal(['+a', '+b']);
  });

  it('waits with what is to be held until nobody uses it, and with what is to be used until nobody holds it', async () => {
    const used = [
      { name: 'user', uses: ['node1'] },
      { name: 'holder', holds: ['node1'] },
      { name: 'other', uses: ['node1'] },
      { name: 'free', uses: ['node2'], takes: 5 },
    ];
    // The second user passes the holder, which waits until both are through.
    expect((await order(used)).slice(-2)).to.deep.equal(['+holder', '-holder']);
    const held = await order(used.toSorted((a) => (a.name === 'holder' ? -1 : 0)));
    expect(held.slice(0, 2)).to.deep.equal(['+holder', '+free']);
  });

  it('tells how many use a thing as one begins', async () => {
    const seen: number[] = [];
    await inLanes(['a', 'b', 'c'], {
      lanes: 2,
      stop: never,
      needsOf: (_, users) => ({ holds: [], uses: ['node1'], before: users('node1') }),
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
