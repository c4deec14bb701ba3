import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parseUse } from './control-plane.ts';

describe('the use of the control plane', () => {
  it('is read by program, in seconds and bytes; two processes of one are added', () => {
    expect(parseUse('etcd 250 100 200\nkube-apiserver 1000 300 400\netcd 50 1 2\nother 1 1 1\n')).to.deep.equal({
      etcd: { cpuSeconds: 3, memory: 101 * 1024, memoryPeak: 202 * 1024 },
      'kube-apiserver': { cpuSeconds: 10, memory: 300 * 1024, memoryPeak: 400 * 1024 },
    });
    expect(parseUse('')).to.deep.equal({});
  });

  it('is printed by a script that needs no more than a shell', () => {
    const script = fileURLToPath(new URL('read-use.sh', import.meta.url));
    const program = process.execPath.split('/').at(-1) ?? '';
    const { stdout, stderr } = spawnSync('sh', [script, 'read', program], { encoding: 'utf8' });
    expect(stderr).to.equal('');
    expect(stdout).to.match(new RegExp(`^${program} \\d+ \\d+ \\d+$`, 'm'));
  });
});
