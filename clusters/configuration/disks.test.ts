import { expect } from 'chai';
import { BadConfiguration, renderProblem } from '../yaml/bad-configuration.ts';
import { readClusterConfiguration } from './cluster-shape.ts';
import { mountPathProblem, parseDisks, readDisks } from './disks.ts';

const shape = {
  nodes: ['node1', 'node2', 'node3'].map((name) => ({
    name,
    role: 'worker' as const,
    labels: {},
    hostnameLabel: name,
  })),
};

interface Entry {
  node?: string;
  name?: string;
  size?: string;
  fileSystem?: string;
  mountPath?: string;
}

function yamlOf(...entries: Entry[]): string {
  const defaults = { node: 'node1', name: 'vol-a', size: '64Mi', fileSystem: 'ext4', mountPath: '/mnt/disks/volA' };
  const lines = entries.map((entry) =>
    Object.entries({ ...defaults, ...entry })
      .map(([key, value], index) => `${index === 0 ? '  - ' : '    '}${key}: ${value}`)
      .join('\n'),
  );
  return `disks:\n${lines.join('\n')}\n`;
}

function problemsOf(...entries: Entry[]): string[] {
  try {
    parseDisks({ file: 'disks.yaml', text: yamlOf(...entries) }, shape);
  } catch (error) {
    if (error instanceof BadConfiguration) return error.problems.map(renderProblem);
    throw error;
  }
  return [];
}

describe('disks', () => {
  it('are those of the scenario', async () => {
    const disks = await readDisks((await readClusterConfiguration()).shape);
    expect(
      disks.map(({ node, mountPath, bytes, fileSystem }) => `${node} ${mountPath} ${bytes} ${fileSystem}`),
    ).to.deep.equal([
      'node1 /mnt/disks/volA 134217728 ext4',
      'node2 /mnt/disks/volA 134217728 ext4',
      'node3 /mnt/disks/volB 134217728 ext4',
    ]);
  });

  const table: readonly [string, Entry[], string[]][] = [
    [
      'a node name typo',
      [{ node: 'nod2' }],
      ['disks.yaml:2:11: disks[0].node: there is no node nod2; did you mean node2?'],
    ],
    [
      'a node that is nowhere near',
      [{ node: 'x' }],
      ['disks.yaml:2:11: disks[0].node: there is no node x; known: node1, node2, node3'],
    ],
    [
      'a mount path used twice on a node',
      [{}, { name: 'other' }],
      ['disks.yaml:11:16: disks[1].mountPath: disks[0] on node1 is mounted at /mnt/disks/volA too'],
    ],
    [
      'a name used twice on a node',
      [{}, { mountPath: '/mnt/disks/b' }],
      ['disks.yaml:8:11: disks[1].name: disks[0] on node1 is called vol-a too'],
    ],
    [
      'a mount path inside another',
      [{}, { name: 'b', mountPath: '/mnt/disks/volA/b' }],
      [
        'disks.yaml:11:16: disks[1].mountPath: /mnt/disks/volA/b and /mnt/disks/volA of disks[0] lie one in the other on node1',
      ],
    ],
    ['size 0', [{ size: '0' }], ['disks.yaml:4:11: disks[0].size: 0 is too small; a disk has at least 16Mi']],
    [
      'a size that is none',
      [{ size: '10Gib' }],
      ['disks.yaml:4:11: disks[0].size: 10Gib is not a size; write a number with Ki, Mi or Gi, such as 64Mi'],
    ],
    [
      'a negative size',
      [{ size: '-1Gi' }],
      ['disks.yaml:4:11: disks[0].size: -1Gi is not a size; write a number with Ki, Mi or Gi, such as 64Mi'],
    ],
    [
      'a size without a unit',
      [{ size: '64' }],
      ['disks.yaml:4:11: disks[0].size: 64 is too small (a number alone counts bytes); a disk has at least 16Mi'],
    ],
    [
      'a size below 16Mi',
      [{ size: '15Mi' }],
      ['disks.yaml:4:11: disks[0].size: 15Mi is too small; a disk has at least 16Mi'],
    ],
    [
      'a small xfs',
      [{ size: '299Mi', fileSystem: 'xfs' }],
      ['disks.yaml:4:11: disks[0].size: 299Mi is too small for xfs; it needs at least 300Mi'],
    ],
    [
      'an unknown file system',
      [{ fileSystem: 'btrfs' }],
      ['disks.yaml:5:17: disks[0].fileSystem: btrfs is not one of ext4, xfs; known: ext4, xfs'],
    ],
    [
      'a name that is none',
      [{ name: 'vol_A' }],
      ['disks.yaml:3:11: disks[0].name: "vol_A" is no disk name; use lower-case letters, digits and hyphens'],
    ],
    ['a wrong type', [{ mountPath: '[]' }], ['disks.yaml:6:16: disks[0].mountPath: a list is not text']],
    [
      'everything at once',
      [
        { node: 'node9', size: '1' },
        { node: 'node9', mountPath: 'x' },
      ],
      [
        'disks.yaml:2:11: disks[0].node: there is no node node9; did you mean node1?',
        'disks.yaml:4:11: disks[0].size: 1 is too small (a number alone counts bytes); a disk has at least 16Mi',
        'disks.yaml:7:11: disks[1].node: there is no node node9; did you mean node1?',
        'disks.yaml:8:11: disks[1].name: disks[0] on node9 is called vol-a too',
        'disks.yaml:11:16: disks[1].mountPath: "x" is not an absolute path; write one such as /mnt/disks/volA',
      ],
    ],
  ];
  for (const [what, entries, expected] of table) {
    it(`refuse ${what}`, () => expect(problemsOf(...entries)).to.deep.equal(expected));
  }

  it('refuse a missing key, an unknown key and an empty list', () => {
    const parse = (text: string) => () => parseDisks({ file: 'disks.yaml', text }, shape);
    expect(parse('disks: []')).to.throw(BadConfiguration, 'disks.yaml:1:8: disks: the list is empty');
    expect(parse('disk: []')).to.throw(BadConfiguration, 'disk is not a key that is known here; did you mean disks?');
    expect(parse('disks:\n  - node: node1\n')).to.throw(
      BadConfiguration,
      'disks[0].size: is missing; a size such as 64Mi must stand here',
    );
    expect(parse(`${yamlOf({})}    mountpath: /x\n`)).to.throw(BadConfiguration, 'did you mean mountPath?');
  });

  it('may have the same mount path on different nodes, and 300Mi of xfs', () => {
    expect(problemsOf({}, { node: 'node2' }, { node: 'node3', fileSystem: 'xfs', size: '300Mi' })).to.deep.equal([]);
  });

  for (const [path, why] of [
    ['/mnt/disks/../etc', '.. in it'],
    ['mnt/disks/a', 'not an absolute path'],
    ['/mnt/disk/a', 'not under /mnt/disks'],
    ['/mnt/disks', 'not under /mnt/disks'],
    ['/mnt/disksa', 'not under /mnt/disks'],
    ['/', 'not under /mnt/disks'],
    ['/mnt/disks/', 'ends with a slash'],
    ['/mnt/disks/a/', 'ends with a slash'],
    ['/mnt/disks/a b', 'white space'],
    ['/mnt/disks/a\n', 'white space'],
    ['/mnt/disks/ä', 'may only have the characters'],
    ['/mnt/disks/$(x)', 'may only have the characters'],
    ['/mnt/disks//a', 'empty part'],
    ['/mnt/disks/./a', 'single dot'],
    ['', 'not an absolute path'],
  ] as const) {
    it(`cannot be mounted at ${JSON.stringify(path)}`, () => expect(mountPathProblem(path)).to.contain(why));
  }

  it('can be mounted deeper, and at names with dots', () => {
    expect(mountPathProblem('/mnt/disks/rack-1/vol_A.2')).to.equal(undefined);
    expect(mountPathProblem('/mnt/disks/..a')).to.equal(undefined);
  });
});
