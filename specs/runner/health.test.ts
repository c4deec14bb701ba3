import { expect } from 'chai';
import { differencesOf } from './health.ts';

describe('what specs leave on nodes', () => {
  const before = ['mounted: /mnt/disks/volA', 'loop device: /var/local/a.img'];
  const after = [
    'mounted: /mnt/disks/volA',
    'mounted: /var/lib/kubelet/pods/uid',
    'loop device: /somebody-else.img',
    'loop device: /var/local/k3x9qd/b.img',
  ];

  it('is everything on a cluster of the run’s own, but for loop devices of others', () => {
    expect(differencesOf(before, after, { run: 'k3x9qd', mark: 'k3x9qd', stays: false })).to.deep.equal([
      'left: mounted: /var/lib/kubelet/pods/uid',
      'left: loop device: /var/local/k3x9qd/b.img',
    ]);
    expect(differencesOf(before, [], { run: 'k3x9qd', mark: 'k3x9qd', stays: false })).to.deep.equal([
      'gone: mounted: /mnt/disks/volA',
    ]);
  });

  it('is what bears the run’s id where others may work at the same time', () => {
    expect(differencesOf(before, after, { run: 'k3x9qd', mark: 'k3x9qd', stays: true })).to.deep.equal([
      'left: loop device: /var/local/k3x9qd/b.img',
    ]);
  });

  it('is, of loop devices, what bears the mark of a spec beside others of the run', () => {
    const loops = ['loop device: /var/local/k3x9qd/k3x9qd-one.img', 'loop device: /var/local/k3x9qd/k3x9qd-two.img'];
    expect(differencesOf([], loops, { run: 'k3x9qd', mark: 'k3x9qd-two', stays: false })).to.deep.equal([
      'left: loop device: /var/local/k3x9qd/k3x9qd-two.img',
    ]);
  });
});
