import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expect } from 'chai';
import { host } from '../../../clusters/host/command/host.ts';
import { shellScripts } from './shell-scripts.ts';

describe('the shell scripts', () => {
  it('are all found', async () => {
    const names = (await shellScripts()).map((path) => basename(path));
    expect(names).to.include.members(['assemble.sh', 'make-disk.sh', 'node-entrypoint', 'kubelet-cgroup-v2']);
  });

  it('are read by sh without an error, and stop at errors', async () => {
    for (const path of await shellScripts()) {
      const { status, stderr } = await host.attempt({ argv: ['sh', '-n', path], deadline: 5000 });
      expect({ path, status, stderr }).to.deep.equal({ path, status: 0, stderr: '' });
      expect(await readFile(path, 'utf8'), path).to.match(/^set -eu$/m);
    }
  });
});
