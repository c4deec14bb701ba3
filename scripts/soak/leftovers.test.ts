import { expect } from 'chai';
import { differences, type Snapshot } from './leftovers.ts';

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
});
