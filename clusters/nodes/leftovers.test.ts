import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { host } from '../host/command/host.ts';
import { clearNode } from './leftovers.ts';
import { usualPlaces } from './node.ts';

describe('clearing a node of what a run left', () => {
  it('restarts no service: systemd would unmount the disks that require it, and mount them while it looks', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lpv-node-'));
    try {
      const calls = join(folder, 'calls');
      await writeFile(join(folder, 'systemctl'), `#!/bin/sh\necho "$*" >>${calls}\n`, { mode: 0o755 });
      // On a node that has nothing of the run, as this machine has nothing of it.
      const env = { PATH: `${folder}:${process.env.PATH}` };
      const node = {
        name: 'node1',
        place: 'this machine',
        places: usualPlaces,
        units: [],
        attempt: (request: object) => host.attempt({ ...request, env } as never),
      };
      expect(await clearNode(node, 'zz00zz')).to.deep.equal([]);
      const verbs = (await readFile(calls, 'utf8')).split('\n').map((line) => line.split(' ')[0]);
      expect(verbs).to.include.members(['list-units', 'daemon-reload']);
      expect(verbs.filter((verb) => /restart/.test(verb ?? ''))).to.deep.equal([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
