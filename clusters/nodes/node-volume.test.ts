import { expect } from 'chai';
import { DomainError } from '../errors/domain-error.ts';
import { parseMountinfo } from './mountinfo.ts';
import { pathIn, readDescription } from './node-volume.ts';

const mountinfo = `20 1 0:39 / / rw - overlay overlay rw
21 20 254:0 /volumes/3f/_data /var rw - ext4 /dev/vda rw
22 20 7:3 / /mnt/disks/own rw shared:4 - ext4 /dev/loop3 rw
23 20 0:39 /mnt/disks/bound /mnt/disks/bound rw - overlay overlay rw
`;
const mounts = parseMountinfo(mountinfo);

describe('what a bind mount of a directory shows', () => {
  it('is the whole file system at a mount point of its own', () => {
    expect(pathIn(mounts, '/mnt/disks/own')).to.include({
      deviceNumber: '7:3',
      root: '/',
      fileSystem: 'ext4',
    });
  });

  it('is the way from the root of the file system for a plain directory', () => {
    expect(pathIn(mounts, '/var/local/x')).to.include({
      deviceNumber: '254:0',
      root: '/volumes/3f/_data/local/x',
      fileSystem: 'ext4',
    });
  });

  it('is the same for a directory and for its mount onto itself', () => {
    const plain = pathIn(mounts.slice(0, 3), '/mnt/disks/bound');
    const { deviceNumber, root, fileSystem } = plain;
    expect(pathIn(mounts, '/mnt/disks/bound')).to.include({ deviceNumber, root, fileSystem });
    expect(plain.root).to.equal('/mnt/disks/bound');
  });

  it('is read from what the node prints: the path behind the links first', () => {
    expect(readDescription(`/mnt/disks/own\n${mountinfo}`).deviceNumber).to.equal('7:3');
  });

  it('is an error where no mount leads to the directory', () => {
    expect(() => pathIn([], '/mnt')).to.throw(DomainError, '/mnt');
  });
});
