import { expect } from 'chai';
import { CommandFailed, pasteable, run } from './commander.ts';
import { host } from './host.ts';

describe('a command on this machine', () => {
  it('passes arguments as they are, through no shell', async () => {
    const { stdout } = await run(host, { argv: ['printf', '%s|', '$HOME', "it's", 'a b', '*'], deadline: 5000 });
    expect(stdout).to.equal("$HOME|it's|a b|*|");
  });

  it('gives the exit status of an attempt', async () => {
    const { status, stderr } = await host.attempt({ argv: ['sh', '-c', 'echo broken >&2; exit 7'], deadline: 5000 });
    expect({ status, stderr }).to.deep.equal({ status: 7, stderr: 'broken\n' });
  });

  it('tells the command, its status and both outputs when it must succeed and does not', async () => {
    const error = await run(host, { argv: ['sh', '-c', 'echo seen; echo broken >&2; exit 7'], deadline: 5000 }).catch(
      (e) => e,
    );
    expect(error).to.be.instanceOf(CommandFailed);
    expect(error.message)
      .to.include('exit status 7')
      .and.include("sh -c 'echo seen")
      .and.include('broken\n')
      .and.include('seen');
  });

  it('writes standard input and closes it', async () => {
    const { stdout } = await run(host, { argv: ['cat'], stdin: 'two\nlines', deadline: 5000 });
    expect(stdout).to.equal('two\nlines');
  });

  it('kills a command at its deadline and says so', async () => {
    const error = await host.attempt({ argv: ['sleep', '20'], deadline: 100 }).catch((e) => e);
    expect(error).to.be.instanceOf(CommandFailed);
    expect(error.message).to.include('no end within 0.1 s').and.include('sleep 20');
  });

  it('ends a command when aborted, with the reason of the abort', async () => {
    const reason = new Error('stopped by the test');
    const controller = new AbortController();
    const running = host
      .attempt({ argv: ['sleep', '20'], deadline: 20_000, signal: controller.signal })
      .catch((e) => e);
    setImmediate(() => controller.abort(reason));
    expect(await running).to.equal(reason);
  });

  it('refuses a program that does not exist', async () => {
    const error = await run(host, { argv: ['no-such-program-here'], deadline: 5000 }).catch((e) => e);
    expect(error.message).to.include('no-such-program-here');
  });

  it('shows lines as they come', async () => {
    const lines: string[] = [];
    await run(host, { argv: ['printf', 'one\\ntwo'], deadline: 5000, onLine: (line) => lines.push(line) });
    expect(lines).to.deep.equal(['one', 'two']);
  });
});

describe('a pasteable command line', () => {
  it('quotes what a shell would interpret', () => {
    expect(pasteable(['docker', 'exec', 'a b', "it's", '$x'])).to.equal(`docker exec 'a b' 'it'\\''s' '$x'`);
  });
});
