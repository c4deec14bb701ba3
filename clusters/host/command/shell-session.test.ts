import { spawnSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { connectProcess, host } from './host.ts';
import { argumentsOf } from './modules-for-tests.ts';
import { fitsShell, MarkedOutput, type ShellConnection, ShellSession, shellArgv } from './shell-session.ts';

const args = shellArgv.slice(1);
const deadline = 4000;
/**
 * The shells that nodes and pods have: dash is sh in Debian, busybox in pods. LPV_BUSYBOX names one that is not on
 * PATH.
 */
const shells = [
  ['sh'],
  ['dash'],
  ['bash'],
  ['busybox', 'sh'],
  ...(process.env.LPV_BUSYBOX ? [[process.env.LPV_BUSYBOX, 'sh']] : []),
] as [string, ...string[]][];

/** Processes of this machine that have a word among their arguments. */
async function processesWith(word: string): Promise<number> {
  const { stdout } = await host.attempt({ argv: ['ps', '-eo', 'args'], deadline });
  return stdout.split('\n').filter((line) => line.split(' ').includes(word) && !line.startsWith('ps')).length;
}

for (const shell of shells) {
  const there = spawnSync(shell[0], [...shell.slice(1), '-c', 'exit 0']).status === 0;
  (there ? describe : describe.skip)(`a shell session (${shell.join(' ')})`, () => {
    let session: ShellSession;
    let connection: ShellConnection;
    const open = () => {
      connection = connectProcess([...shell, ...args]);
      session = new ShellSession(connection);
    };
    const run = (...argv: string[]) => session.run({ argv, deadline });
    beforeEach(open);
    afterEach(() => session.close());

    it('gives status and both outputs, exactly', async () => {
      for (const [script, status, stdout, stderr] of [
        ['echo out; echo err >&2', 0, 'out\n', 'err\n'],
        ['printf out; printf err >&2; exit 7', 7, 'out', 'err'],
        ['printf "\\n\\n"; exit 255', 255, '\n\n', ''],
        ['printf "abc 1 0\\n"; kill -9 $$', 137, 'abc 1 0\n', ''],
        ['exit 0', 0, '', ''],
      ] as const) {
        const outcome = await run('sh', '-c', script);
        expect(outcome, script).to.deep.equal({ kind: 'ended', status, notStarted: false, stdout, stderr });
      }
    });

    it('passes arguments as they are', async () => {
      const odd = [
        '',
        ' ',
        ' a ',
        '\n',
        'a\n\n',
        '\\',
        '\\n',
        '\\\\n\\c',
        '%s%d',
        "it's",
        '"$HOME"',
        '`id`',
        '-n',
        '--',
      ];
      const letters = Array.from({ length: 0x300 }, (_, code) => String.fromCodePoint(code + 1)).join('');
      const sent = [...odd, letters, '\t\r\u2028€😀', '*', '; exit 3', 'a'.repeat(50_000)];
      const outcome = await run('printf', '%s\\0', ...sent);
      expect(outcome.stdout.split('\0').slice(0, -1)).to.deep.equal(sent);
    });

    it('keeps the order of what a command writes to one output, and takes large ones', async () => {
      const { stdout, stderr } = await run('sh', '-c', 'seq 200000; for i in 1 2 3; do echo $i >&2; echo $i; done');
      expect(stdout.length).to.equal(1_288_895 + 6);
      expect(stdout.endsWith('200000\n1\n2\n3\n')).to.equal(true);
      expect(stderr).to.equal('1\n2\n3\n');
    });

    it('runs programs, not builtins, and keeps nothing of a command for the next', async () => {
      expect(await run('sh', '-c', 'cd /; A=1; exec 1>&-; set -- x')).to.include({ status: 0 });
      for (const builtin of ['exit', 'set', 'eval', 'read', 'exec']) {
        expect(await run(builtin, '0'), builtin).to.include({ kind: 'ended', status: 127, notStarted: true });
      }
      expect(await run('echo', 'still here')).to.include({ status: 0, stdout: 'still here\n' });
    });

    it('tells a program that cannot be started from one that ends with the same status', async () => {
      expect(await run('no-such-program')).to.include({ status: 127, notStarted: true });
      expect(await run('/etc')).to.include({ status: 126, notStarted: true });
      expect(await run('sh', '-c', 'no-such-program')).to.include({ status: 127, notStarted: false });
    });

    it('gives commands an empty input, and no more open files than they would have', async () => {
      expect(await run('cat')).to.include({ status: 0, stdout: '' });
      expect(await run('sh', '-c', 'for fd in 3 4 5 6 7 8 9; do readlink /proc/$$/fd/$fd; done; :')).to.include({
        stdout: '',
      });
      expect(await run('sh', '-c', 'readlink /proc/$$/fd/0')).to.include({ stdout: '/dev/null\n' });
    });

    it('kills a command that is late, and returns its output so far', async () => {
      const word = `86400.${process.pid}1`;
      const outcome = await session.run({ argv: ['sh', '-c', `echo begun; sleep ${word}`], deadline: 200 });
      expect(outcome).to.deep.equal({ kind: 'late', stdout: 'begun\n', stderr: '' });
      expect(session.over).to.equal(true);
      await connection.ended;
      expect(await processesWith(word)).to.equal(0);
    });

    it('kills a command that is aborted, and gives the reason of the abort', async () => {
      const word = `86400.${process.pid}2`;
      const reason = new Error('stopped by the test');
      const controller = new AbortController();
      const running = session.run({ argv: ['sleep', word], deadline, signal: controller.signal }).catch((e) => e);
      setTimeout(() => controller.abort(reason), 50);
      expect(await running).to.equal(reason);
      await connection.ended;
      expect(await processesWith(word)).to.equal(0);
      expect(await session.run({ argv: ['true'], deadline, signal: controller.signal }).catch((e) => e)).to.not.include(
        {
          kind: 'ended',
        },
      );
    });

    it('reports that the shell ended during a command, with its output so far', async () => {
      const outcome = await run(
        'sh',
        '-c',
        'echo half; kill -9 -$(ps -o pgid= -p $$ | tr -d " ") 2>/dev/null || kill -9 $PPID',
      );
      expect(outcome).to.include({ kind: 'shell gone', opened: true, stdout: 'half\n' });
      expect(session.over).to.equal(true);
    });

    it('is over when the shell goes while it is idle', async () => {
      await run('true');
      connection.close();
      await connection.ended;
      expect(session.over).to.equal(true);
    });
  });
}

describe('a shell that does not open', () => {
  it('says how its program ended', async () => {
    const session = new ShellSession(connectProcess(['sh', '-c', 'echo no container >&2; exit 3']));
    expect(await session.run({ argv: ['true'], deadline })).to.deep.equal({
      kind: 'shell gone',
      opened: false,
      end: { kind: 'ended', how: 'exit status 3', status: 3 },
      stdout: '',
      stderr: 'no container\n',
    });
  });

  it('says that its program is not there', async () => {
    const session = new ShellSession(connectProcess(['no-such-program']));
    const outcome = await session.run({ argv: ['true'], deadline });
    expect(outcome).to.include({ kind: 'shell gone', opened: false });
    expect(JSON.stringify(outcome)).to.include('ENOENT');
  });
});

describe('a shell of a process', () => {
  it('neither keeps the process alive nor outlives it', async () => {
    const word = `lpv-shell-${process.pid}`;
    const script = `
      import { connectProcess } from ${JSON.stringify(new URL('host.ts', import.meta.url).href)};
      import { ShellSession, shellArgv } from ${JSON.stringify(new URL('shell-session.ts', import.meta.url).href)};
      const session = new ShellSession(connectProcess([...shellArgv, ${JSON.stringify(word)}]));
      const { stdout } = await session.run({ argv: ['echo', 'done'], deadline: 4000 });
      console.log(stdout.trim());`;
    const { status, stdout } = await host.attempt({
      argv: [process.execPath, ...argumentsOf(script)],
      deadline: 4500,
    });
    expect({ status, stdout }).to.deep.equal({ status: 0, stdout: 'done\n' });
    for (let attempt = 0; attempt < 20 && (await processesWith(word)) > 0; attempt++);
    expect(await processesWith(word)).to.equal(0);
  });
});

describe('what a shell session can run', () => {
  it('is what its lines can tell', () => {
    expect(fitsShell(['cat', '-n', ''])).to.equal(true);
    for (const argv of [[], [''], ['-a', 'x'], ['printf', 'a\0b']]) expect(fitsShell(argv)).to.equal(false);
  });
});

describe('a session whose connection is slow', () => {
  it('waits for the ends of both outputs', async () => {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const written: string[] = [];
    const session = new ShellSession({
      stdout,
      stderr,
      ended: new Promise(() => {}),
      write: (text) => void written.push(text),
      close: () => {},
    });
    let outcome: unknown;
    const running = session.run({ argv: ['x'], deadline }).then((o) => {
      outcome = o;
    });
    const nonce = written[0]?.trim();
    expect(written[1]).to.equal('1 1\nx\n');
    stdout.write(`${nonce} open\n${nonce} 1 0\n`);
    await new Promise(setImmediate);
    expect(outcome).to.equal(undefined);
    expect(session.busy).to.equal(true);
    stderr.write(`late words${nonce} 1\n`);
    await running;
    expect(outcome).to.include({ kind: 'ended', stderr: 'late words' });
  });
});

const nonce = 'a1b2c3';
const shown = (parts: ReturnType<MarkedOutput['feed']>) =>
  parts.map(({ output, words }) => [output.toString(), ...words]);

describe('the output of a shell', () => {
  it('ends at the marker, with or without a newline before it', () => {
    const output = new MarkedOutput(nonce);
    expect(shown(output.feed(Buffer.from('line\na1b2c3 1 0\nhalfa1b2c3 2 7\na1b2c3 3\nmore')))).to.deep.equal([
      ['line\n', '1', '0'],
      ['half', '2', '7'],
      ['', '3'],
    ]);
    expect(output.rest.toString()).to.equal('more');
  });

  it('is the same however it is cut into chunks', () => {
    const bytes = Buffer.from('ä a1b2 a1b2c a1b2c3 1 0\n\0\na1b2c3 2 0\n');
    for (let size = 1; size <= bytes.length; size++) {
      const output = new MarkedOutput(nonce);
      const parts: ReturnType<MarkedOutput['feed']> = [];
      for (let at = 0; at < bytes.length; at += size) parts.push(...output.feed(bytes.subarray(at, at + size)));
      expect(shown(parts), `chunks of ${size}`).to.deep.equal([
        ['ä a1b2 a1b2c ', '1', '0'],
        ['\0\n', '2', '0'],
      ]);
    }
  });
});
