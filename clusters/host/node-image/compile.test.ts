import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { DomainError } from '../../errors/domain-error.ts';
import { linkerFlags } from './commands.ts';
import { treeReplacements, wrongModules } from './compile.ts';

describe('the version stamped into Kubernetes', () => {
  for (const [version, major, minor] of [
    ['v1.37.2', '1', '37'],
    ['v1.38.0-alpha.1-12-gabcdef0-dirty', '1', '38'],
  ] as const) {
    it(`is ${version} with its major and minor`, () => {
      const flags = linkerFlags(version).split(' ');
      const stamped = flags.filter((flag) => flag.startsWith('k8s.io/'));
      expect(stamped).to.deep.equal(
        [`gitVersion=${version}`, `gitMajor=${major}`, `gitMinor=${minor}`, 'gitTreeState=clean'].map(
          (stamp) => `k8s.io/component-base/version.${stamp}`,
        ),
      );
      expect(flags.slice(0, 3)).to.deep.equal(['-s', '-w', '-X']);
    });
  }
});

describe('a Kubernetes tree', () => {
  let tree: string;

  beforeEach(async () => {
    tree = await mkdtemp(join(tmpdir(), 'lpv-tree-'));
  });

  afterEach(() => rm(tree, { recursive: true }));

  it('replaces the module and every staging module by its folders', async () => {
    const staging = join(tree, 'staging', 'src', 'k8s.io');
    for (const name of ['component-base', 'api', 'notes']) await mkdir(join(staging, name), { recursive: true });
    for (const name of ['component-base', 'api'])
      await writeFile(join(staging, name, 'go.mod'), `module k8s.io/${name}\n`);
    await writeFile(join(tree, 'go.mod'), 'module k8s.io/kubernetes\n\ngo 1.26.0\n');
    const expected = [
      { module: 'k8s.io/kubernetes', folder: tree },
      { module: 'k8s.io/api', folder: join(staging, 'api') },
      { module: 'k8s.io/component-base', folder: join(staging, 'component-base') },
    ];
    expect(await treeReplacements(tree)).to.deep.equal(expected);
    expect(await treeReplacements(relative(process.cwd(), tree))).to.deep.equal(expected);
  });

  it('may be without staging modules', async () => {
    await writeFile(join(tree, 'go.mod'), 'module k8s.io/kubernetes\n');
    expect(await treeReplacements(tree)).to.deep.equal([{ module: 'k8s.io/kubernetes', folder: tree }]);
  });

  it('is refused below a folder that go would take for a version', async () => {
    const error = await treeReplacements(join(tree, 'kubernetes@1.37')).catch((e) => e);
    expect(error).to.be.instanceOf(DomainError).with.property('exit', 'badUsage');
    expect(error.message).to.include('its path has an @');
  });

  for (const [what, goMod, seen] of [
    ['without go.mod', undefined, 'no go.mod there'],
    ['of another module', 'module k8s.io/kubernetes-not\n', 'its go.mod is not that of k8s.io/kubernetes'],
  ] as const) {
    it(`is refused ${what}`, async () => {
      if (goMod !== undefined) await writeFile(join(tree, 'go.mod'), goMod);
      const error = await treeReplacements(tree).catch((e) => e);
      expect(error).to.be.instanceOf(DomainError);
      expect(error.exit).to.equal('badUsage');
      expect(error.details).to.include({ on: tree, seen });
    });
  }
});

describe('the modules of a compiled Kubernetes', () => {
  const published = [
    '/b/kubernetes: go1.26.8',
    '\tpath\tlpv.example/kubernetes',
    '\tdep\tk8s.io/api\tv0.0.0',
    '\t=>\tk8s.io/api\tv0.37.2\th1:aaa=',
    '\tdep\tk8s.io/kubernetes\tv1.37.2\th1:bbb=',
    '\tbuild\t-trimpath=true',
    '',
  ];
  const kubernetes = (...lines: string[]) => [...published.slice(0, 4), ...lines].join('\n');
  const fromTree = kubernetes('\tdep\tk8s.io/kubernetes\tv1.37.2', '\t=>\t/src/kubernetes\t(devel)\t');

  for (const [what, text, tree, problem] of [
    ['published ones', published.join('\n'), undefined, undefined],
    ['those of the tree', fromTree, '/src/kubernetes', undefined],
    ['a tree that was not asked for', fromTree, undefined, 'k8s.io/kubernetes v1.37.2 was replaced by /src/kubernetes'],
    ['another tree', fromTree, '/src/other', 'k8s.io/kubernetes is /src/kubernetes, not /src/other'],
    [
      'published ones in place of the tree',
      published.join('\n'),
      '/src/kubernetes',
      'k8s.io/kubernetes is v1.37.2, not /src/kubernetes',
    ],
    [
      'another version',
      kubernetes('\tdep\tk8s.io/kubernetes\tv1.37.1\th1:ccc='),
      undefined,
      'k8s.io/kubernetes is v1.37.1, not v1.37.2',
    ],
    [
      'a fork',
      kubernetes('\tdep\tk8s.io/kubernetes\tv1.37.2', '\t=>\texample.org/fork\tv1.37.2\th1:d='),
      undefined,
      'k8s.io/kubernetes is example.org/fork, not v1.37.2',
    ],
    [
      'a folder in place of a staging module',
      published.join('\n').replace('k8s.io/api\tv0.37.2\th1:aaa=', './api\t(devel)\t'),
      undefined,
      'k8s.io/api v0.0.0 was replaced by ./api',
    ],
    ['no Kubernetes at all', '/b/kubernetes: go1.26.8\n', undefined, 'it names no module k8s.io/kubernetes'],
  ] as const) {
    it(`may ${problem === undefined ? '' : 'not '}be ${what}`, () => {
      expect(wrongModules(text, { kubernetes: 'v1.37.2' }, tree)).to.equal(problem);
    });
  }
});
