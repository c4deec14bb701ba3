import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { argumentsOf } from '../command/modules-for-tests.ts';
import { Engine, type EngineFacts } from '../engine/engine.ts';
import { pollUntil } from '../poll-until.ts';
import { BuildFolder, deadBuilds, lockBuildOf, removeDeadBuilds } from './build-folder.ts';

describe('the folder of a build', () => {
  let parent: string;
  const started: ChildProcess[] = [];
  const silent = { note: () => {}, retried: () => {} };
  const noEngine = async () => {
    throw new Error('the engine was asked for');
  };

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'lpv-builds-'));
  });

  afterEach(async () => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    await rm(parent, { recursive: true });
  });

  /** Starts a process that builds: it runs `body` and is then told apart from a dead one by nothing but its lock. */
  async function builder(body: string): Promise<{ child: ChildProcess; said: string }> {
    const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
    const script = `
      import { spawn } from 'node:child_process';
      import { writeFileSync } from 'node:fs';
      import { BuildFolder, lockBuildOf } from ${module('./build-folder.ts')};
      import { BuildLog } from ${module('./build-log.ts')};
      const parent = ${JSON.stringify(parent)};
      const build = await BuildFolder.create(parent);
      ${body}
      setInterval(() => {}, 60_000);`;
    const argv = argumentsOf(script);
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(child);
    const [said] = await once(child.stdout as NodeJS.ReadableStream, 'data');
    return { child, said: String(said) };
  }

  const killed = async (child: ChildProcess) => {
    child.kill('SIGKILL');
    await once(child, 'close');
  };
  /** The command line of a process; empty for one that has ended. */
  const commandOf = (pid: string) => readFile(`/proc/${pid.trim()}/cmdline`, 'utf8').catch(() => '');

  it('is another one for each build, and nothing is left of it', async () => {
    {
      await using one = await BuildFolder.create(parent);
      await using other = await BuildFolder.create(parent);
      expect(one.path).not.to.equal(other.path);
      await writeFile(join(one.path, 'root-file-system.tar'), 'x');
      expect(await deadBuilds(parent)).to.deep.equal([]);
      expect(await removeDeadBuilds(parent, noEngine)).to.deep.equal([]);
      expect((await stat(one.path)).isDirectory()).to.equal(true);
    }
    expect(await readdir(parent)).to.deep.equal([]);
  });

  it('is removed with the locks that killed builds of images left, not with one that is held', async () => {
    await writeFile(join(parent, 'node-v1.37.2-0.lock'), '');
    await using _held = await lockBuildOf('localhost/node:v1.36.3-0', parent, silent);
    await removeDeadBuilds(parent, noEngine);
    expect(await readdir(parent)).to.deep.equal(['node-v1.36.3-0.lock']);
  });

  it('of no build at all is no error', async () => {
    expect(await removeDeadBuilds(join(parent, 'absent'), noEngine)).to.deep.equal([]);
  });

  it('of a build under way in another process stays; of a killed one nothing does', async () => {
    const { child, said } = await builder(
      "writeFileSync(build.path + '/half', 'x'); process.stdout.write(build.path);",
    );
    expect(await removeDeadBuilds(parent, noEngine)).to.deep.equal([]);
    await killed(child);
    expect(await deadBuilds(parent)).to.deep.equal([said]);
    expect(await removeDeadBuilds(parent, noEngine)).to.deep.equal([said]);
    expect(await readdir(parent)).to.deep.equal([]);
  }).timeout(30_000);

  it('takes its programs with it, also those that have outlived the build, and one that has moved into it', async () => {
    const { child, said } = await builder(`
      const options = { detached: true, stdio: 'ignore', env: { ...process.env, ...build.environment } };
      const compiler = spawn('sleep', ['60'], options);
      const other = spawn('sleep', ['60'], { detached: true, stdio: 'ignore', cwd: build.path });
      process.stdout.write(compiler.pid + ' ' + other.pid);`);
    await killed(child);
    const pids = said.split(' ');
    for (const pid of pids) expect(await commandOf(pid)).to.include('sleep');
    await removeDeadBuilds(parent, noEngine);
    for (const pid of pids) expect(await commandOf(pid)).to.equal('');
  }).timeout(30_000);

  it('takes the container that was begun with it', async () => {
    const { child, said } = await builder('process.stdout.write(await build.beginContainer());');
    await killed(child);
    const removed: string[][] = [];
    const commander = {
      place: 'this machine',
      async attempt({ argv }: { argv: readonly string[] }) {
        removed.push([...argv]);
        return { argv, status: 0, stdout: '', stderr: '', milliseconds: 1 };
      },
    };
    const [folder = ''] = await deadBuilds(parent);
    expect(said).to.equal(`lpv-image-${basename(folder).replace('build-', '')}`);
    await removeDeadBuilds(parent, async () => new Engine({} as EngineFacts, commander));
    expect(removed).to.deep.equal([['docker', 'rm', '--force', '--volumes', said]]);
  }).timeout(30_000);

  it('stays with its lock where the engine does not answer, for the next time', async () => {
    const { child } = await builder('await build.beginContainer(); process.stdout.write(build.path);');
    await killed(child);
    expect(String(await removeDeadBuilds(parent, noEngine).catch((e) => e))).to.include('the engine was asked for');
    expect(await deadBuilds(parent)).to.have.length(1);
  }).timeout(30_000);

  it('is removed without what is mounted in it', async function () {
    const { child, said: path } = await builder('process.stdout.write(build.path);');
    await killed(child);
    const precious = join(parent, 'dev');
    await mkdir(precious);
    await writeFile(join(precious, 'null'), '');
    await mkdir(join(path, 'chroot', 'a b'), { recursive: true });
    const chroot = join(path, 'chroot', 'a b');
    try {
      execFileSync('mount', ['--bind', precious, chroot], { stdio: 'ignore' });
    } catch {
      return this.skip(); // This user may not mount.
    }
    await removeDeadBuilds(parent, noEngine);
    expect(await readdir(precious)).to.deep.equal(['null']);
    expect(await readdir(parent)).to.deep.equal(['dev']);
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.to.include(path);
  }).timeout(30_000);

  it('has programs that end with their build, and all that these have started', async function () {
    const { child, said } = await builder(`
      const log = await BuildLog.open(parent + '/log');
      const script = 'sleep 60 & sleep 61';
      const argv = ['sh', '-c', script];
      void log.run('compiling', { argv, deadline: 60_000, env: build.environment });
      process.stdout.write(build.path);`);
    const programs = async () => {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
      const of = async (pid: string) =>
        (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).includes(said) ? [pid] : [];
      return (await Promise.all(pids.map(of))).flat();
    };
    const count = (wanted: (found: number) => boolean, within: number) =>
      pollUntil(
        async () => {
          const found = (await programs()).length;
          return wanted(found) ? { answer: found } : { notYet: found };
        },
        { within, every: 50 },
      );
    expect(await count((found) => found >= 3, 10_000)).to.have.property('answer');
    await killed(child);
    await count((found) => found === 0, 5000);
    const left = await programs();
    // Without namespaces the program itself ends; `lpv clean` ends what it has started.
    if (process.getuid?.() !== 0) return this.skip();
    expect(left).to.deep.equal([]);
  }).timeout(30_000);

  it('of an image is made by one process at a time: the second waits, and is told so', async () => {
    const reference = 'localhost/local-pv-conformance/node:v1.37.2-0123456789ab';
    const { child } = await builder(`
      await lockBuildOf(${JSON.stringify(reference)}, parent, { note() {}, retried() {} });
      process.stdout.write('in');`);
    await using _other = await lockBuildOf(`${reference}c`, parent, silent);
    const notes: string[] = [];
    const progress = { ...silent, note: (text: string) => notes.push(text) };
    const controller = new AbortController();
    const given = lockBuildOf(
      reference,
      parent,
      { ...progress, note: () => controller.abort(new Error('enough')) },
      controller.signal,
    );
    expect(String(await given.catch((e) => e))).to.include('enough');
    let entered = false;
    const waiting = lockBuildOf(reference, parent, progress).then((lock) => {
      entered = true;
      return lock;
    });
    await new Promise<void>((told) => {
      const look = () => (notes.length > 0 ? told() : setImmediate(look));
      look();
    });
    expect(entered).to.equal(false);
    child.kill('SIGKILL');
    await using _lock = await waiting;
    expect(notes).to.deep.equal([`waiting for another process that builds ${reference}`]);
  }).timeout(30_000);
});
