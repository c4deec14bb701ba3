import { expect } from 'chai';
import { DomainError } from '../errors/domain-error.ts';
import type { Commander } from '../host/command/commander.ts';
import { silent } from '../text/progress.ts';
import { type Disk, makeDisk, mountUnitName, readDisk } from './disk.ts';
import { EngineNode } from './node.ts';

const size = 256 * 2 ** 20;
const expected: Omit<Disk, 'device' | 'deviceNumber'> = {
  name: 'volA',
  node: 'node1',
  bytes: size,
  fileSystem: 'ext4',
  mountPath: '/mnt/disks/volA',
  backingFile: '/var/local/local-pv-conformance/k3x9qd/volA.img',
};

/** The output of describe-disk.sh for a good disk, with differences. */
function description(
  differences: { mount?: string; rootDevice?: string; sectors?: string; autoclear?: string; backing?: string } = {},
): string {
  const {
    mount = '60 24 7:3 / /mnt/disks/volA rw,relatime shared:30 - ext4 /dev/loop3 rw',
    rootDevice = '0:52',
    sectors = String(size / 512),
    autoclear = '1',
    // The engine's volume, as the kernel names it on the machine's side.
    backing = '/var/lib/docker/volumes/9f/_data/local/local-pv-conformance/k3x9qd/volA.img',
  } = differences;
  const device = mount === '' ? [] : [`sectors ${sectors}`, `autoclear ${autoclear}`, `backing ${backing}`];
  return `${[mount, `rootDevice ${rootDevice}`, ...device, 'blocks 4096 60000 59000'].join('\n')}\n`;
}

describe('what is mounted in the place of a disk', () => {
  it('is the disk, with its device', () => {
    expect(readDisk(description(), expected)).to.deep.equal({ ...expected, device: '/dev/loop3', deviceNumber: '7:3' });
  });

  const line = (device: string, root: string, fileSystem: string, source: string) =>
    `60 24 ${device} ${root} /mnt/disks/volA rw - ${fileSystem} ${source} rw`;
  for (const [what, differences, seen] of [
    ['a plain directory', { mount: '' }, 'nothing is mounted there: it is a plain directory'],
    ['another file system', { mount: line('7:3', '/', 'xfs', '/dev/loop3') }, 'file system xfs, wanted ext4'],
    ['a disk that is mounted read-only', { mount: '60 24 7:3 / /mnt/disks/volA ro - ext4 /dev/loop3 ro' }, 'read-only'],
    ['a device of another size', { sectors: '8' }, `device of 4096 bytes, wanted ${size}`],
    ['a device without a size', { sectors: '' }, `device of 0 bytes, wanted ${size}`],
    [
      "a bind mount of the node's root device",
      { mount: line('0:52', '/mnt/x', 'overlay', 'overlay') },
      "it is on the node's root device 0:52",
    ],
    [
      'a bind mount of a directory of a disk',
      { mount: line('7:3', '/sub', 'ext4', '/dev/loop3') },
      'a bind mount of directory /sub, not a whole file system',
    ],
    ['a loop device that outlives the node', { autoclear: '0' }, 'autoclear is off'],
    ['a loop device that says nothing of its release', { autoclear: '' }, 'autoclear is off'],
    [
      'another disk of the run',
      { backing: '/v/local/local-pv-conformance/k3x9qd/volB.img' },
      'volB.img, wanted …/local/local-pv-conformance/k3x9qd/volA.img',
    ],
    [
      'a disk of that name of another run',
      { backing: '/v/local/local-pv-conformance/aaaaaa/volA.img' },
      'aaaaaa/volA.img, wanted',
    ],
    ['a device without a backing file', { backing: '' }, 'backing file '],
  ] as const) {
    it(`is refused where it is ${what}`, () => {
      let error: unknown;
      try {
        readDisk(description(differences), expected);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).to.be.instanceOf(DomainError);
      if (!(error instanceof DomainError)) return;
      expect(error.details).to.include({ attempted: 'verifying the disk volA', on: '/mnt/disks/volA of node1' });
      expect(error.details.seen).to.contain(seen);
    });
  }

  it('names every difference at once', () => {
    const tmpfs = { mount: line('0:90', '/', 'tmpfs', 'tmpfs') };
    // tmpfs has no block device, so that the script prints nothing of one.
    const printed = description(tmpfs).replace(/^(sectors|autoclear|backing).*\n/gm, '');
    expect(() => readDisk(printed, expected)).to.throw(
      DomainError,
      /file system tmpfs[\s\S]*device of NaN bytes[\s\S]*backing file none[\s\S]*autoclear is off/,
    );
  });
});

describe('the unit that mounts a disk', () => {
  // As `systemd-escape --path --suffix=mount` has them.
  for (const [path, unit] of [
    ['/mnt/disks/volA', 'mnt-disks-volA.mount'],
    ['/mnt/disks/vol-a', 'mnt-disks-vol\\x2da.mount'],
    ['/mnt/disks/a.b_c:d', 'mnt-disks-a.b_c:d.mount'],
    ['/.hidden/x', '\\x2ehidden-x.mount'],
    ['/mnt//disks/volA/', 'mnt-disks-volA.mount'],
    ['/mnt/disks/größe', 'mnt-disks-gr\\xc3\\xb6\\xc3\\x9fe.mount'],
  ] as const) {
    it(`of ${path} is ${unit}`, () => {
      expect(mountUnitName(path)).to.equal(unit);
    });
  }
});

describe('making a disk', () => {
  /** A node on which mounting fails with these texts, one after the other, and then goes well. */
  function nodeWith(...failures: string[]) {
    const scripts: string[] = [];
    const commander: Commander = {
      place: 'this machine',
      async attempt({ argv }) {
        const making = argv.some((word) => word.startsWith('# Makes a disk'));
        scripts.push(making ? 'make' : 'describe');
        const failure = making ? failures.shift() : undefined;
        const stdout = making ? '' : description();
        return { argv, status: failure ? 32 : 0, stdout, stderr: failure ?? '', milliseconds: 1 };
      },
    };
    return { scripts, node: new EngineNode('node1', 'lpv-a-worker', commander) };
  }
  const retries: string[] = [];
  const progress = { ...silent, retried: (step: string, attempt: number) => void retries.push(`${step} ${attempt}`) };
  const race = 'mount: /mnt/disks/volA: failed to setup loop device for /var/local/x.img.';

  it('tries again, and tells, where another node took the loop device', async () => {
    const { scripts, node } = nodeWith(race, race);
    const disk = await makeDisk(node, 'k3x9qd', expected, progress);
    expect(disk.device).to.equal('/dev/loop3');
    expect(scripts).to.deep.equal(['make', 'make', 'make', 'describe']);
    expect(retries).to.deep.equal(['mounting /mnt/disks/volA on node1 1', 'mounting /mnt/disks/volA on node1 2']);
  });

  it('fails at once for anything else', async () => {
    const { scripts, node } = nodeWith('/mnt/disks/volA or x is in use already');
    const error = await makeDisk(node, 'k3x9qd', expected, progress).catch((e) => e);
    expect(error.message).to.contain('in use already');
    expect(scripts).to.deep.equal(['make']);
  });
});
