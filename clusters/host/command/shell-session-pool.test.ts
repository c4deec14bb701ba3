import { expect } from 'chai';
import { connectProcess } from './host.ts';
import { type ShellConnection, shellArgv } from './shell-session.ts';
import { ShellPool } from './shell-session-pool.ts';

const deadline = 4000;

describe('the shells of a place', () => {
  let connections: ShellConnection[];
  let pool: ShellPool;
  beforeEach(() => {
    connections = [];
    pool = new ShellPool(() => {
      const connection = connectProcess(shellArgv);
      connections.push(connection);
      return connection;
    });
  });
  afterEach(() => pool[Symbol.dispose]());
  const run = (...argv: string[]) => pool.free()?.run({ argv, deadline });

  it('are opened when needed: one for commands in turn', async () => {
    for (const word of ['a', 'b', 'c']) expect(await run('echo', word)).to.include({ stdout: `${word}\n` });
    expect(connections).to.have.length(1);
  });

  it('are at most four, and each runs one command at a time', async () => {
    const running = ['a', 'b', 'c', 'd'].map((word) => run('sh', '-c', `sleep 0.1; echo ${word}`));
    expect(pool.free()).to.equal(undefined);
    const outcomes = await Promise.all(running);
    expect(outcomes.map((outcome) => outcome?.stdout)).to.deep.equal(['a\n', 'b\n', 'c\n', 'd\n']);
    expect(connections).to.have.length(4);
    expect(pool.free()).to.not.equal(undefined);
  });

  it('are replaced when they have gone, and the command that was under way is not run again', async () => {
    expect(await run('sh', '-c', 'kill -9 $PPID')).to.include({ kind: 'shell gone' });
    expect(await run('echo', 'again')).to.include({ stdout: 'again\n' });
    expect(connections).to.have.length(2);
  });

  it('are replaced after a command that was late', async () => {
    expect(await pool.free()?.run({ argv: ['sleep', '20'], deadline: 50 })).to.include({ kind: 'late' });
    expect(await run('echo', 'again')).to.include({ stdout: 'again\n' });
  });

  it('end when they are not needed any more, and what runs in them is killed', async () => {
    const running = run('sleep', '20');
    pool[Symbol.dispose]();
    expect(await running).to.include({ kind: 'shell gone' });
    await Promise.all(connections.map(({ ended }) => ended));
  });
});
