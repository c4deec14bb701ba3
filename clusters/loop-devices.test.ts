import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { host } from './host/command/host.ts';
import type { Engine } from './host/engine/engine.ts';
import { awaitLoopDevicesReleased } from './loop-devices.ts';

describe('loop devices', () => {
  let folder: string;
  const attached: string[] = [];

  const run = async (...argv: [string, ...string[]]): Promise<string> => {
    const { status, stdout, stderr } = await host.attempt({ argv, deadline: 10_000 });
    if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const attach = async (file: string): Promise<string> => {
    const device = await run('losetup', '--find', '--show', file);
    attached.push(device);
    return device;
  };
  const backingFile = (device: string): Promise<string> =>
    readFile(`/sys/block/${device.replace('/dev/', '')}/loop/backing_file`, 'utf8').then(
      (text) => text.trim(),
      () => 'none',
    );

  before(async function () {
    const { status } = await host.attempt({ argv: ['losetup', '--find'], deadline: 10_000 });
    // Only root may attach a loop device, and only where the kernel has one.
    if (status !== 0 || process.getuid?.() !== 0) this.skip();
    folder = await mkdtemp(join(tmpdir(), 'lpv-loop-'));
  });
  afterEach(async () => {
    for (const device of attached.splice(0).reverse())
      await host.attempt({ argv: ['losetup', '--detach', device], deadline: 10_000 });
  });
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  /** Attaches a disk of a run and a loop device to that, as kubelet locks a raw device; returns the lock. */
  const lockedDisk = async (ofRun: string): Promise<string> => {
    const file = join(folder, 'local-pv-conformance', ofRun, 'disk.img');
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, '');
    await truncate(file, 2 ** 20);
    const disk = await attach(file);
    const lock = await attach(disk);
    // As a node's are: marked for automatic release, and held by the lock alone.
    await run('losetup', '--detach', disk);
    return lock;
  };
  /** An engine with this image. What is run in a container is run here. */
  const engineWith = (image: string) => {
    const started: string[] = [];
    const engine = {
      run: async () => ({ stdout: `sha1 other/node\n${image}` }),
      runPrivileged: async (id: string, name: string, argv: [string, ...string[]]) => {
        started.push(`${id} ${name}`);
        return await host.attempt({ argv, deadline: 10_000 });
      },
    } as unknown as Engine;
    return { engine, started };
  };

  it('a lock of kubelet that outlived its node goes, and then its disk; those of another run stay', async () => {
    const { engine, started } = engineWith('');
    const lock = await lockedDisk('ours00');
    const foreign = await lockedDisk('other0');
    await awaitLoopDevicesReleased('ours00', engine);
    expect(await backingFile(lock), `${lock}, the lock of the run`).to.equal('none');
    expect(await backingFile(foreign), `${foreign}, the lock of another run`).to.match(/^\/dev\/loop\d+$/);
    await awaitLoopDevicesReleased('other0', engine);
    expect(started).to.deep.equal([]);
  });

  it('a lock goes in a container where this user is not root', async function () {
    this.timeout(20_000);
    const { engine, started } = engineWith('sha2 localhost/local-pv-conformance/node\n');
    const lock = await lockedDisk('ours01');
    await awaitLoopDevicesReleased('ours01', engine, false);
    expect(await backingFile(lock)).to.equal('none');
    expect(started).to.deep.equal(['sha2 lpv-ours01-locks']);
  });
});
