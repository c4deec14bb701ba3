import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
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
