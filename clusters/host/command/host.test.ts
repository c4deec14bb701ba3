import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CommandFailed, pasteable, run } from './commander.ts';
import { host } from './host.ts';
import { argumentsOf } from './modules-for-tests.ts';

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

  it('gives a file as standard input, which the program reads itself', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lpv-host-'));
    try {
      const file = join(folder, 'input');
      await writeFile(file, 'three\nlines\n');
      const program = 'test -f /dev/stdin && cat';
      const { stdout } = await run(host, { argv: ['sh', '-c', program], stdin: { file }, deadline: 5000 });
      expect(stdout).to.equal('three\nlines\n');
      const absent = await host
        .attempt({ argv: ['cat'], stdin: { file: join(folder, 'absent') }, deadline: 5000 })
        .catch(String);
      expect(absent).to.include('ENOENT').and.include('absent');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('kills a command at its deadline and says so', async () => {
    const error = await host.attempt({ argv: ['sleep', '20'], deadline: 100 }).catch((e) => e);
    expect(error).to.be.instanceOf(CommandFailed);
    expect(error.message).to.include('no end within 0.1 s').and.include('sleep 20');
  });

  it('kills a command at its deadline with all that it started, where PATH has no ps', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lpv-path-'));
    const { PATH } = process.env;
    for (const program of ['bash', 'sh', 'sleep']) {
      const place = execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], { encoding: 'utf8' }).trim();
      await symlink(place, join(folder, program));
    }
    process.env.PATH = folder;
    try {
      const pids: string[] = [];
      const argv = ['sh', '-c', 'sleep 20 & echo $!; wait'] as const;
      const running = host.attempt({ argv, deadline: 300, onLine: (line) => pids.push(line) });
      expect(String(await running.catch((e) => e))).to.include('no end within 0.3 s');
      expect(pids).to.have.length(1);
      // Empty for a process that has ended and that its new parent has not yet waited for.
      expect(await readFile(`/proc/${pids[0]}/cmdline`, 'utf8').catch(() => '')).to.equal('');
    } finally {
      process.env.PATH = PATH;
      await rm(folder, { recursive: true });
    }
  });

  it('is not changed by settings of zx in the environment', async () => {
    const settings = { ZX_PREFIX: 'echo prefix; ', ZX_POSTFIX: '; echo postfix', ZX_SHELL: '/bin/false' };
    const script = `import { host } from ${JSON.stringify(new URL('./host.ts', import.meta.url).href)};
      process.stdout.write((await host.attempt({ argv: ['printf', '%s', 'a b'], deadline: 5000 })).stdout);`;
    const argv = argumentsOf(script);
    const env = { ...process.env, ...settings };
    expect(execFileSync(process.execPath, argv, { encoding: 'utf8', env })).to.equal('a b');
  }).timeout(20_000);

  it('does not read ~/.bashrc where no shell has started this process', async () => {
    const home = await mkdtemp(join(tmpdir(), 'lpv-home-'));
    const { HOME, SHLVL } = process.env;
    await writeFile(join(home, '.bashrc'), 'echo from bashrc; export PATH=/nowhere\n');
    Object.assign(process.env, { HOME: home, SHLVL: '0' });
    try {
      const { stdout } = await run(host, { argv: ['printf', '%s', 'said'], deadline: 5000 });
      expect(stdout).to.equal('said');
    } finally {
      for (const [name, value] of Object.entries({ HOME, SHLVL }))
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      await rm(home, { recursive: true });
    }
  });

  it('may end before it has read its input', async () => {
    const { status } = await host.attempt({ argv: ['true'], stdin: 'x'.repeat(10_000_000), deadline: 5000 });
    expect(status).to.equal(0);
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
