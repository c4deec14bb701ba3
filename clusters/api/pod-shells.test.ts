import { spawn } from 'node:child_process';
import { expect } from 'chai';
import type { ClusterClient } from './client.ts';
import type { ExecSocket, OpenExec, PodCommand } from './pod-exec.ts';
import { PodCommandFailed, PodExecFault } from './pod-exec.ts';
import { type ContainerLife, PodShells } from './pod-shells.ts';

const client = undefined as unknown as ClusterClient;
const place = { namespace: 'demo', pod: 'writer', container: 'main' };
const life: ContainerLife = { namespace: 'demo', podUid: 'u-1', container: 'main', containerId: 'containerd://1' };
const does = (...argv: string[]): PodCommand => ({ ...place, argv, within: 4000 });

interface Opened {
  argv: readonly string[];
  /** Breaks the connection as it breaks when a container, or a node, is suddenly gone. */
  break: () => void;
  closed: boolean;
}

/** Containers that are processes of this machine; `instead` tells what happens in place of a start. */
function containers(instead?: (connection: number) => object | undefined) {
  const opened: Opened[] = [];
  const open: OpenExec = async ({ argv }, { stdout, stderr, stdin }, onStatus) => {
    const other = instead?.(opened.length);
    let tell: (event: { code: number; reason: string }) => void = () => {};
    const connection: Opened = { argv, closed: false, break: () => {} };
    opened.push(connection);
    if (other && 'refuse' in other) throw { message: other.refuse };
    const [program = '', ...args] = argv;
    const child = spawn(program, args, { detached: true });
    const socket: ExecSocket = {
      readyState: 1,
      addEventListener: (_type, listener) => {
        tell = listener;
      },
      close: () => {
        connection.closed = true;
        child.stdin.end();
      },
    };
    child.stdin.on('error', () => {});
    if (other) {
      child.kill('SIGKILL');
      setImmediate(() => onStatus(other));
      return socket;
    }
    connection.break = () => {
      child.stdin.end();
      tell({ code: 1006, reason: '' });
    };
    if (stdin) stdin.pipe(child.stdin);
    else child.stdin.end();
    child.stdout.pipe(stdout, { end: false });
    child.stderr.pipe(stderr, { end: false });
    child.on('close', (status) => {
      const causes = [{ reason: 'ExitCode', message: String(status ?? 137) }];
      onStatus(
        status === 0 ? { status: 'Success' } : { status: 'Failure', reason: 'NonZeroExitCode', details: { causes } },
      );
    });
    return socket;
  };
  const shells = new PodShells(client, open);
  return { opened, shells };
}

describe('the shells in pods', () => {
  it('run the commands in a container over one connection', async () => {
    const { shells, opened } = containers();
    using _ = shells;
    for (const word of ['a\n', "b'$x", '']) {
      expect(await shells.exec(does('printf', '%s', word), life)).to.deep.equal({
        status: 0,
        stdout: word,
        stderr: '',
      });
    }
    expect(opened).to.have.length(1);
  });

  it('fail as ever, with command, place, status and both outputs', async () => {
    const { shells } = containers();
    using _ = shells;
    const failed = await shells.exec(does('sh', '-c', 'echo broken >&2; exit 28'), life).catch((e) => e);
    expect(failed).to.be.instanceOf(PodCommandFailed);
    expect(failed.message)
      .to.contain('Pod demo/writer, container main')
      .and.contain('exit status 28')
      .and.contain('stderr: broken');
    const returned = await shells.exec({ ...does('sh', '-c', 'exit 28'), nonZero: 'return' }, life);
    expect(returned.status).to.equal(28);
    const missing = await shells.exec(does('no-such-program'), life).catch((e) => e);
    expect(missing).to.be.instanceOf(PodExecFault).and.to.include({ kind: 'not started' });
    expect(missing.message).to.contain('no-such-program: not found');
  });

  it('kill what is late, and the next command gets a new one', async () => {
    const { shells, opened } = containers();
    using _ = shells;
    const late = await shells.exec({ ...does('sleep', '20'), within: 50 }, life).catch((e) => e);
    expect(late).to.be.instanceOf(PodExecFault).and.to.include({ kind: 'deadline' });
    expect(opened[0]?.closed).to.equal(true);
    expect(await shells.exec(does('echo', 'next'), life)).to.include({ stdout: 'next\n' });
  });

  it("end a command with its signal's reason", async () => {
    const { shells } = containers();
    using _ = shells;
    const controller = new AbortController();
    const running = shells.exec({ ...does('sleep', '20'), signal: controller.signal }, life).catch((e) => e);
    const reason = new Error('stopped');
    setTimeout(() => controller.abort(reason), 30);
    expect(await running).to.equal(reason);
  });

  it('never run a command again whose connection broke, unless it only reads', async () => {
    const { shells, opened } = containers();
    using _ = shells;
    const half = ['sh', '-c', 'echo half; [ -n "$0" ] && sleep 1'];
    const broken = shells.exec(does(...half), life).catch((e) => e);
    setTimeout(() => opened[0]?.break(), 200);
    expect(await broken).to.include({ kind: 'no status' });
    expect((await broken).message).to.contain('closed without an exit status (code 1006)');
    expect(opened).to.have.length(1);

    const noted: string[] = [];
    const progress = { note: () => {}, retried: (step: string) => void noted.push(step) };
    const read = shells.exec({ ...does(...half), repeatable: true, progress }, life);
    setTimeout(() => opened[1]?.break(), 200);
    expect(await read).to.include({ status: 0, stdout: 'half\n' });
    expect(noted).to.deep.equal(['exec in Pod demo/writer, container main']);
    expect(opened).to.have.length(3);
  });

  it('belong to one life of a container', async () => {
    const { shells, opened } = containers();
    using _ = shells;
    await shells.exec(does('true'), life);
    await shells.exec(does('true'), { ...life, containerId: 'containerd://2' });
    expect(opened.map(({ closed }) => closed)).to.deep.equal([true, false]);
    await shells.exec(does('true'), { ...life, podUid: 'u-2' });
    await shells.exec(does('true'), { ...life, podUid: 'u-2' });
    expect(opened).to.have.length(3);
  });

  it('are closed by namespace, and with them what runs there', async () => {
    const { shells, opened } = containers();
    using _ = shells;
    await shells.exec(does('true'), { ...life, namespace: 'other', podUid: 'u-9' });
    const running = shells.exec(does('sleep', '20'), life).catch((e) => e);
    await new Promise(setImmediate);
    shells.close('demo');
    expect(await running).to.include({ kind: 'no status' });
    expect(opened.map(({ closed }) => closed)).to.deep.equal([false, true]);
  });

  it('leave commands with input to connections of their own', async () => {
    const { shells, opened } = containers();
    using _ = shells;
    expect(await shells.exec({ ...does('cat'), stdin: 'data' }, life)).to.include({ stdout: 'data' });
    expect(opened.map(({ argv }) => argv)).to.deep.equal([['cat']]);
  });

  it('say so where a container has no sh, and where the API server refuses', async () => {
    const message = 'OCI runtime exec failed: exec: "sh": executable file not found in $PATH';
    const without = containers(() => ({ status: 'Failure', reason: 'InternalError', message })).shells;
    const noShell = await without.exec(does('true'), life).catch((e) => e);
    expect(noShell).to.be.instanceOf(PodExecFault).and.to.include({ kind: 'not started' });
    expect(noShell.message).to.contain(`sh, which runs the commands in pods, could not be started: ${message}`);
    const refusing = containers(() => ({ refuse: 'Unexpected server response: 404' })).shells;
    const refused = await refusing.exec(does('true'), life).catch((e) => e);
    expect(refused).to.include({ kind: 'not started' });
    expect(refused.message).to.contain('Unexpected server response: 404');
  });
});
