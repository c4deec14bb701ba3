import { expect } from 'chai';
import { mountAt, mountHolding, parseMountinfo } from './mountinfo.ts';

const node = `
24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
60 24 7:1 / /mnt/disks/volA rw,relatime shared:30 master:2 - ext4 /dev/loop1 rw,stripe=4
75 24 7:1 / /var/lib/kubelet/pods/a1b2/volumes/kubernetes.io~local-volume/example-pv-a rw,relatime shared:30 - ext4 /dev/loop1 rw
80 24 0:48 /sub\\040dir /mnt/a\\040b\\134c ro,nosuid,nodev,noexec - tmpfs tmpfs rw,size=10240k
81 24 0:49 / /mnt/plain rw unbindable - fuse.x  rw
`;

describe('mountinfo', () => {
  const mounts = parseMountinfo(node);

  it('gives every documented field of a line', () => {
    expect(mounts[1]).to.deep.equal({
      id: 60,
      parent: 24,
      device: '7:1',
      root: '/',
      mountPoint: '/mnt/disks/volA',
      options: ['rw', 'relatime'],
      propagation: [
        { kind: 'shared', peerGroup: 30 },
        { kind: 'master', peerGroup: 2 },
      ],
      fileSystem: 'ext4',
      source: '/dev/loop1',
      superOptions: ['rw', 'stripe=4'],
    });
  });

  it('turns octal escapes back into the characters of the path', () => {
    expect(mounts[3]).to.include({ root: '/sub dir', mountPoint: '/mnt/a b\\c' });
  });

  it('accepts a line with an empty source and one without optional fields', () => {
    expect(mounts[4]).to.deep.include({ source: '', propagation: [{ kind: 'unbindable' }] });
    expect(mounts[3]?.propagation).to.deep.equal([]);
  });

  it('finds the mount at a path, the last one where one covers another', () => {
    const covered = parseMountinfo(`${node}90 60 0:50 / /mnt/disks/volA rw - tmpfs tmpfs rw`);
    expect(mountAt(mounts, '/mnt/disks/volA')?.device).to.equal('7:1');
    expect(mountAt(covered, '/mnt/disks/volA')?.device).to.equal('0:50');
    expect(mountAt(mounts, '/mnt/disks')).to.equal(undefined);
  });

  it('finds the mount that holds a path, by whole path segments', () => {
    expect(mountHolding(mounts, '/mnt/disks/volA/file')?.device).to.equal('7:1');
    expect(mountHolding(mounts, '/mnt/disks/volAB')?.device).to.equal('254:0');
  });

  for (const [what, line] of [
    ['too few fields', '24 1 254:0 / /'],
    ['no separator', '24 1 254:0 / / rw shared:1 ext4 /dev/vda rw'],
    ['a device that is no number', '24 1 loop1 / / rw - ext4 /dev/vda rw'],
    ['an unknown optional field', '24 1 254:0 / / rw strange:1 - ext4 /dev/vda rw'],
  ] as const) {
    it(`refuses a line with ${what}, with its number`, () => {
      expect(() => parseMountinfo(`24 1 254:0 / / rw - ext4 /dev/vda rw\n${line}`)).to.throw(
        SyntaxError,
        'mountinfo line 2',
      );
    });
  }
});
