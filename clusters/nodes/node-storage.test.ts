import { expect } from 'chai';
import { parseNodeStorage } from './node-storage.ts';

const printed = `/proc/1/mountinfo:24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
/proc/1/mountinfo:60 24 7:1 / /mnt/disks/volA rw,relatime shared:30 - ext4 /dev/loop1 rw
/sys/block/loop1/loop/backing_file:/srv/a:b/vol-a.img
/sys/block/loop12/loop/backing_file:/srv/vol-b.img (deleted)
`;

describe('the storage of a node', () => {
  it('is its mounts and the files behind loop devices', () => {
    const { mounts, loops } = parseNodeStorage(printed);
    expect(mounts.map(({ mountPoint, source }) => [mountPoint, source])).to.deep.equal([
      ['/', '/dev/vda'],
      ['/mnt/disks/volA', '/dev/loop1'],
    ]);
    expect(loops).to.deep.equal([
      { path: '/dev/loop1', backingFile: '/srv/a:b/vol-a.img' },
      { path: '/dev/loop12', backingFile: '/srv/vol-b.img (deleted)' },
    ]);
  });

  it('may be without loop devices', () => {
    expect(parseNodeStorage('')).to.deep.equal({ mounts: [], loops: [] });
  });
});
