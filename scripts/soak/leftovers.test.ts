import { expect } from 'chai';
import type { Engine } from '../../clusters/host/engine/engine.ts';
import { differences, type Snapshot, takeSnapshot } from './leftovers.ts';

const empty: Snapshot = {
  containers: [],
  networks: [],
  volumes: [],
  'loop devices': [],
  mounts: [],
  kubeconfig: [],
  files: [],
  processes: [],
};

describe('what is left over', () => {
  it('is nothing where both snapshots are the same, in any order', () => {
    const before = { ...empty, mounts: ['/a', '/b'] };
    expect(differences(before, { ...empty, mounts: ['/b', '/a'] })).to.deep.equal([]);
  });

  it('names what went and what came, by kind', () => {
    const before = { ...empty, containers: ['1 theirs running'], networks: ['2 bridge'] };
    const after = { ...empty, networks: ['2 bridge', '3 lpv-a'], 'loop devices': ['/dev/loop0 volA.img'] };
    expect(differences(before, after)).to.deep.equal([
      '- containers: 1 theirs running',
      '+ networks: 3 lpv-a',
      '+ loop devices: /dev/loop0 volA.img',
    ]);
  });

  it('counts a line as often as it is there: one mount over another is a leak', () => {
    expect(differences({ ...empty, mounts: ['/a'] }, { ...empty, mounts: ['/a', '/a'] })).to.deep.equal([
      '+ mounts: /a',
    ]);
  });

  it('on a machine that others use is only what has our names; the cache of the user’s kubectl has none', async () => {
    const engine = { run: async () => ({ stdout: '1 lpv-theirs running\n2 lpv-ours running\n' }) } as unknown as Engine;
    const scope = {
      engine,
      folders: [],
      kubeconfig: '/tmp/lpv-sandbox-x/kubeconfig',
      mark: 'LPV_TEST=none',
      otherRuns: [],
    };
    const { kubeconfig, containers, networks } = await takeSnapshot({
      ...scope,
      names: ['lpv-ours', '/lpv-sandbox-x/'],
    });
    expect([containers, networks]).to.deep.equal([['2 lpv-ours running'], ['2 lpv-ours running']]);
    expect(kubeconfig.map((line) => line.split(' ')[0])).to.deep.equal([
      '/tmp/lpv-sandbox-x/kubeconfig',
      `${process.env.HOME}/.kube/config`,
    ]);
  });
});
