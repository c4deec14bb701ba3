import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { harnessFacts } from '../run/surroundings.ts';
import { bundleHarness, entryPoint } from './bundle.ts';
import { librariesIn } from './image.ts';

describe('the harness in one bundle', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'lpv-bundle-'));
  after(() => rmSync(folder, { recursive: true }));

  it('runs without packages and TypeScript, and loads every spec', async () => {
    await bundleHarness(folder, folder);
    const argv = [join(folder, `${entryPoint}.js`), '--grep', 'no such words'];
    const { status, stderr } = spawnSync(process.execPath, argv, {
      cwd: folder,
      encoding: 'utf8',
      env: { HOME: folder },
    });
    expect(stderr).to.match(/seen: none of \d{3} specs in \d\d files is selected/);
    expect(status).to.equal(2);
    // It says of which commit it is, as a checkout does.
    expect(await harnessFacts(folder, join(folder, 'package.json'))).to.deep.equal(await harnessFacts());
  });

  it('ends by itself at a signal before the run has begun, as the first process of a container has to', async () => {
    // A server that takes the connection and is silent.
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const kubeconfig = join(folder, 'kubeconfig');
    const name = 'silent';
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': name, users: [{ name, user: { token: 'x' } }] },
      clusters: [{ name, cluster: { server: `https://127.0.0.1:${port}` } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
    };
    writeFileSync(kubeconfig, JSON.stringify(config));
    const child = spawn(process.execPath, [join(folder, `${entryPoint}.js`), '--kubeconfig', kubeconfig], {
      cwd: folder,
      env: { HOME: folder },
      stdio: 'ignore',
    });
    const exit = once(child, 'exit');
    try {
      await Promise.race([once(server, 'connection'), exit]);
      child.kill('SIGTERM');
      const [status, signal] = await exit;
      expect({ status, signal }).to.deep.equal({ status: 130, signal: null });
    } finally {
      child.kill('SIGKILL');
      server.close();
    }
  });
});

it('the libraries of a program are those that ldd finds, and the loader', () => {
  const printed = [
    '\tlinux-vdso.so.1 (0x00007fe100b0a000)',
    '\tlibstdc++.so.6 => /lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007fe100800000)',
    '\t/lib64/ld-linux-x86-64.so.2 (0x00007fe100b0c000)',
  ];
  expect(librariesIn(printed.join('\n'))).to.deep.equal([
    '/lib/x86_64-linux-gnu/libstdc++.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ]);
});
