import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { pollUntil } from '../host/poll-until.ts';
import { OutlastKubelet, sealed } from './outlast-kubelet.ts';

const program = fileURLToPath(new URL('outlast-kubelet.pl', import.meta.url));
const secret = 'a'.repeat(64);

/** The program on this machine, and a client that reaches it without an API server between. */
async function begun(folder: string, seconds = 60) {
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const child = spawn('perl', [program, '127.0.0.1', String(seconds), 'one', 'two'], { env, stdio: 'pipe' });
  child.stdin.end(`${secret}\n`);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const [port = 0, pid = 0] = line.toString().trim().split(' ').map(Number);
  const send = async (body: string, signal?: AbortSignal) => {
    const request = { method: 'POST', body: JSON.stringify(body), ...(signal && { signal }) };
    const response = await fetch(`http://127.0.0.1:${port}/`, request);
    return { status: response.status, text: await response.text() };
  };
  const client = {
    askPod: async (_: unknown, body: string, { signal }: { signal?: AbortSignal | undefined } = {}) =>
      (await send(body, signal)).text,
  };
  return { pid, send, outlast: new OutlastKubelet(client, { namespace: 'n', name: 'p', port }, secret) };
}

const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const times = { within: 30_000, every: 20 };
const gone = async (pid: number) => {
  const last = await pollUntil(async () => (alive(pid) ? { notYet: 'alive' } : { answer: 'gone' }), times);
  expect(last, `process ${pid}`).to.deep.equal({ answer: 'gone' });
};
const content = async (file: string) => {
  const read = () =>
    readFile(file, 'utf8').then(
      (answer) => ({ answer }),
      (error: unknown) => ({ notYet: String(error) }),
    );
  const last = await pollUntil(read, times);
  return 'answer' in last ? last.answer : last.notYet;
};

describe('commands past a stopped kubelet', function () {
  this.timeout(15_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-outlast-'));
    const systemctl = join(folder, 'systemctl');
    await writeFile(systemctl, `#!/bin/sh\necho "$@" >>${folder}/said\n`);
    await chmod(systemctl, 0o755);
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('give status and both outputs, words as they are, several at once', async () => {
    const { outlast, pid } = await begun(folder);
    const run = (...argv: [string, ...string[]]) => outlast.run({ argv, deadline: 20_000 });
    const script = 'printf "%s" "$1"; printf err >&2; exit 7';
    expect(await run('sh', '-c', script, 'sh', "ä\n '$(id)'")).to.deep.equal({
      kind: 'ended',
      status: 7,
      stdout: "ä\n '$(id)'",
      stderr: 'err',
    });
    expect(await run('no-such-program')).to.include({ kind: 'ended', status: 127 });
    // Each ends when all have begun: one after the other, the first would never end.
    const meet = 'cd "$1"; touch "$2"; until [ -e 1 ] && [ -e 2 ] && [ -e 3 ]; do sleep 0.05; done; echo "$2"';
    const several = await Promise.all(['1', '2', '3'].map((n) => run('sh', '-c', meet, 'sh', folder, n)));
    expect(several.map(({ stdout }) => stdout)).to.deep.equal(['1\n', '2\n', '3\n']);
    await outlast[Symbol.asyncDispose]();
    await gone(pid);
    expect(await readFile(join(folder, 'said'), 'utf8').catch(() => 'nothing'), 'what was started').to.equal('nothing');
  });

  it('are killed at their deadline, and when their sender is gone', async () => {
    const { outlast } = await begun(folder);
    const late = await outlast.run({ argv: ['sh', '-c', 'echo begun; echo $$; sleep 60'], deadline: 1_000 });
    expect(late).to.include({ kind: 'late' });
    const [word, pid] = late.stdout.split('\n');
    expect(word).to.equal('begun');
    await gone(Number(pid));
    const stop = new AbortController();
    const file = join(folder, 'pid');
    const argv = ['sh', '-c', 'echo $$ >"$1.part"; mv "$1.part" "$1"; sleep 60', 'sh', file] as const;
    const running = outlast.run({ argv: [...argv], deadline: 60_000, signal: stop.signal }).catch(() => 'stopped');
    const of = await content(file);
    stop.abort();
    expect(await running).to.equal('stopped');
    await gone(Number(of));
    await outlast[Symbol.asyncDispose]();
  });

  it('are refused without the secret, when seen before, or when changed', async () => {
    const { outlast, send } = await begun(folder);
    const body = sealed(secret, ['77', '5', 'echo', 'once']);
    expect(await send(body)).to.deep.equal({ status: 200, text: `0\n${Buffer.from('once\n').toString('hex')}\n` });
    for (const other of [body, sealed('b'.repeat(64), ['78', '5', 'id']), `${body}00`, 'zz', ''])
      expect((await send(other)).status, other).to.equal(403);
    await outlast[Symbol.asyncDispose]();
  });

  it('end with the units started when no sign of life comes any more', async () => {
    const { pid, outlast } = await begun(folder, 1);
    await gone(pid);
    expect(await readFile(join(folder, 'said'), 'utf8')).to.equal('start one\nstart two\n');
    await outlast[Symbol.asyncDispose]();
  });
});
