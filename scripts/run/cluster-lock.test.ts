import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { argumentsOf } from '../../clusters/host/command/modules-for-tests.ts';
import { lockCluster, removeClusterLock } from './cluster-lock.ts';

describe('the lock of an existing cluster', () => {
  let folder: string;
  const started: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-lock-'));
  });

  afterEach(async () => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  const lock = (cluster = 'lpv-dev') => lockCluster(cluster, 'run', folder);

  /** Starts another process that runs `body`, which can use `lock`, `folder` and `sleep`; returns it. */
  function another(body: string): ChildProcess & { stdout: NodeJS.ReadableStream } {
    const script = `
      import { mkdir, rmdir } from 'node:fs/promises';
      import { setTimeout as sleep } from 'node:timers/promises';
      import { lockCluster } from ${JSON.stringify(new URL('./cluster-lock.ts', import.meta.url).href)};
      const folder = ${JSON.stringify(folder)};
      const lock = () => lockCluster('lpv-dev', 'trace', folder);
      ${body}`;
    const argv = argumentsOf(script);
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(child);
    return child;
  }

  it('ends when it is disposed', async () => {
    {
      await using _first = await lock();
    }
    await using _second = await lock();
  });

  it('leaves no file behind', async () => {
    await (await lock())[Symbol.asyncDispose]();
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('is a fresh one where the holder removes the file between opening and locking it', async () => {
    const real = execFileSync('sh', ['-c', 'command -v flock'], { encoding: 'utf8' }).trim();
    const bin = await mkdtemp(join(tmpdir(), 'lpv-bin-'));
    // Takes the place of a holder that ends in that moment, once.
    const script = `#!/bin/sh\nmkdir ${bin}/once 2>/dev/null && rm ${folder}/lpv-dev.lock\nexec ${real} "$@"\n`;
    await writeFile(join(bin, 'flock'), script, { mode: 0o755 });
    const { PATH } = process.env;
    process.env.PATH = `${bin}:${PATH}`;
    try {
      await using _lock = await lock();
      expect(await readdir(bin)).to.include('once');
      expect(String(await lock().catch((error: unknown) => error))).to.include('using the cluster lpv-dev');
    } finally {
      process.env.PATH = PATH;
      await rm(bin, { recursive: true });
    }
  });

  it('is removed with its cluster, but not while it is held', async () => {
    await writeFile(join(folder, 'lpv-dev.lock'), '{"pid":1');
    await removeClusterLock('lpv-dev', folder);
    await removeClusterLock('lpv-dev', folder);
    expect(await readdir(folder)).to.deep.equal([]);
    await using _lock = await lock();
    await removeClusterLock('lpv-dev', folder);
    expect(await readdir(folder)).to.deep.equal(['lpv-dev.lock']);
  });

  it('of one cluster does not hinder another', async () => {
    await using _dev = await lock();
    await using _test = await lock('lpv-test');
  });

  it('refuses a second run, and says who holds it and what to do', async () => {
    await using _first = await lock();
    const refusal = await lock().catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(DomainError).with.property('exit', 'environment');
    const { message } = refusal as DomainError;
    expect(message).to.match(
      new RegExp(`process ${process.pid} \\(lpv run\\) has used it since \\d{4}-\\d\\d-\\d\\dT`),
    );
    expect(message).to.include(
      'wait until that process has ended, or make another cluster: npm run lpv -- up --name NAME',
    );
  });

  it('lets one process in at a time, when three race for it again and again', async () => {
    const racer = `
      for (let times = 0; times < 20; ) {
        const locked = await lock().catch((error) => String(error));
        if (typeof locked !== 'string') {
          await mkdir(folder + '/inside'); // Fails where the other is in.
          await sleep(Math.random() * 5);
          await rmdir(folder + '/inside');
          await locked[Symbol.asyncDispose]();
          times += 1;
        } else if (!locked.includes('using the cluster lpv-dev')) throw new Error(locked);
        await sleep(Math.random() * 5);
      }`;
    const exits = await Promise.all([1, 2, 3].map(() => another(racer)).map((child) => once(child, 'close')));
    expect(exits).to.deep.equal([1, 2, 3].map(() => [0, null]));
  }).timeout(60_000);

  it('ends when its holder is killed, and lets the next one in', async () => {
    const holder = another("await lock(); process.stdout.write('in'); await sleep(60_000);");
    await once(holder.stdout, 'data');
    expect(await lock().catch((error: Error) => error.message)).to.include(`process ${holder.pid} (lpv trace)`);
    holder.kill('SIGKILL');
    await once(holder, 'close');
    await using _lock = await lock();
  }).timeout(30_000);

  it('needs flock(1), and says so', async () => {
    const { PATH } = process.env;
    process.env.PATH = folder;
    try {
      const error = await lock().catch((thrown: unknown) => thrown);
      expect(String(error)).to.match(/locking the cluster lpv-dev[\s\S]*install flock\(1\)/);
    } finally {
      process.env.PATH = PATH;
    }
  });
});
