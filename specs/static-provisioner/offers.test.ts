import { expect } from 'chai';
import type { PersistentVolume } from '../../clusters/api/objects.ts';
import { decideOffers, type Entry, type Findings, fnv1a32, readEntries, roundedDown, volumeName } from './offers.ts';

const disk = (name: string, change: Partial<Entry> = {}): Entry => ({
  name,
  kind: 'directory',
  mounted: true,
  bytes: 32 * 2 ** 20,
  ...change,
});

const findings = (change: Partial<Findings> = {}): Findings => ({
  provisioner: 'local-volume-provisioner-node2',
  node: { name: 'node2', hostname: 'host2' },
  directory: '/mnt/fast',
  volumeMode: 'Filesystem',
  storageClass: { name: 'fast', reclaimPolicy: 'Delete' },
  entries: [disk('a')],
  volumes: [],
  labels: { run: 'r' },
  ...change,
});

const existing = (name: string, path: string, hostname: string, volumeMode = 'Filesystem'): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-11-23T12:00:00Z' },
  spec: {
    volumeMode,
    local: { path },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [hostname] }] },
        ],
      },
    },
  },
});

describe('the capacity of an offered volume', () => {
  for (const [bytes, rounded] of [
    [11 * 2 ** 30 - 1, 10 * 2 ** 30],
    [10 * 2 ** 30, 10 * 2 ** 30],
    [10 * 2 ** 30 - 1, 10 * 2 ** 30 - 2 ** 20],
    [10 * 2 ** 20, 10 * 2 ** 20],
    [10 * 2 ** 20 - 1, 10 * 2 ** 20 - 1],
    [0, 0],
  ] as const)
    it(`of ${bytes} bytes is ${rounded}`, () => {
      expect(roundedDown(bytes)).to.equal(rounded);
    });
});

describe('what a provisioner offers', () => {
  it('is a volume for a mounted entry, with all that a pod needs to be scheduled to it', () => {
    const { volumes, refusals } = decideOffers(
      findings({ storageClass: { name: 'fast', reclaimPolicy: 'Retain', mountOptions: ['noatime'] } }),
    );
    expect(refusals).to.deep.equal([]);
    expect(volumes).to.deep.equal([
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: {
          name: volumeName('a', 'node2', 'fast'),
          labels: { run: 'r' },
          annotations: { 'pv.kubernetes.io/provisioned-by': 'local-volume-provisioner-node2' },
        },
        spec: {
          capacity: { storage: '32Mi' },
          volumeMode: 'Filesystem',
          accessModes: ['ReadWriteOnce'],
          persistentVolumeReclaimPolicy: 'Retain',
          storageClassName: 'fast',
          mountOptions: ['noatime'],
          local: { path: '/mnt/fast/a' },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['host2'] }] },
              ],
            },
          },
        },
      },
    ]);
  });

  it('is not what it has offered already', () => {
    const volumes = [existing(volumeName('a', 'node2', 'fast'), '/mnt/fast/a', 'host2')];
    expect(decideOffers(findings({ volumes }))).to.deep.equal({ volumes: [], refusals: [] });
  });

  it('is not a path that another volume of the node has; of another node it may be', () => {
    const here = decideOffers(findings({ volumes: [existing('by-hand', '/mnt/fast/a', 'host2')] }));
    expect(here.volumes).to.deep.equal([]);
    expect(here.refusals).to.deep.equal([
      `Volume path already in use: ${volumeName('a', 'node2', 'fast')} would be at /mnt/fast/a, where by-hand is`,
    ]);
    const there = decideOffers(findings({ volumes: [existing('by-hand', '/mnt/fast/a', 'host3')] }));
    expect(there.volumes).to.have.lengthOf(1);
  });

  it('is not a plain directory, nor a file', () => {
    const entries = [disk('plain', { mounted: false }), disk('file', { kind: 'other', mounted: false })];
    expect(decideOffers(findings({ entries }))).to.deep.equal({
      volumes: [],
      refusals: [
        'path "/mnt/fast/plain" is not a valid mount point',
        'path "/mnt/fast/file" is neither a directory nor a block device',
      ],
    });
  });

  it('is a device in either mode, but a directory only as a file system', () => {
    const entries = [disk('device', { kind: 'block', mounted: false }), disk('directory')];
    const block = decideOffers(findings({ entries, volumeMode: 'Block' }));
    expect(block.volumes.map(({ spec }) => [spec.local.path, spec.volumeMode])).to.deep.equal([
      ['/mnt/fast/device', 'Block'],
    ]);
    expect(block.refusals).to.deep.equal([
      'path "/mnt/fast/directory" is a directory, and cannot be a volume of mode Block',
    ]);
    expect(decideOffers(findings({ entries })).volumes).to.have.lengthOf(2);
  });

  it('says so when a device that was offered has become a directory', () => {
    const name = volumeName('a', 'node2', 'fast');
    const { volumes, refusals } = decideOffers(
      findings({ volumes: [existing(name, '/mnt/fast/a', 'host2', 'Block')] }),
    );
    expect(volumes).to.deep.equal([]);
    expect(refusals).to.deep.equal([`${name} is a volume of mode Block, but path "/mnt/fast/a" is a directory`]);
  });

  it('is nothing of a class with another reclaim policy', () => {
    const { volumes, refusals } = decideOffers(findings({ storageClass: { name: 'fast', reclaimPolicy: 'Recycle' } }));
    expect(volumes).to.deep.equal([]);
    expect(refusals[0]).to.include('Recycle');
  });
});

describe('the entries of a directory', () => {
  it('are read as they were printed, names with spaces and tabs too', () => {
    expect(readEntries('directory\tmounted\t4096\ta b\nblock\tplain\t512\tx\ty\n')).to.deep.equal([
      { name: 'a b', kind: 'directory', mounted: true, bytes: 4096 },
      { name: 'x\ty', kind: 'block', mounted: false, bytes: 512 },
    ]);
  });

  it('are refused where a line is none', () => {
    expect(() => readEntries('find: no such directory\n')).to.throw(SyntaxError);
  });
});

describe('the name of a provisioned volume', () => {
  it('is made with FNV-1a of 32 bits', () => {
    // Published test values of FNV-1a.
    expect(fnv1a32('')).to.equal(0x811c9dc5);
    expect(fnv1a32('a')).to.equal(0xe40c292c);
    expect(fnv1a32('foobar')).to.equal(0xbf9cf968);
  });

  it('hashes bytes, not characters', () => {
    expect(fnv1a32('é')).not.to.equal(fnv1a32('\u00c3'));
    expect(fnv1a32('é')).to.equal(fnv1a32(Buffer.from([0xc3, 0xa9]).toString('utf8')));
  });

  it('depends on entry, node and class, in that order', () => {
    expect(volumeName('foo', 'b', 'ar')).to.equal('local-pv-bf9cf968');
    expect(volumeName('ar', 'b', 'foo')).not.to.equal('local-pv-bf9cf968');
  });

  it('writes the hash without leading zeros', () => {
    expect(fnv1a32('disk-8'.padEnd(6)).toString(16)).to.match(/^[1-9a-f]/);
    expect(volumeName('vol-a', 'node2', 'local')).to.match(/^local-pv-[1-9a-f][0-9a-f]{0,7}$/);
  });
});
