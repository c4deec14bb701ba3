import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../../clusters/project-root.ts';
import { BadConfiguration } from '../../clusters/yaml/bad-configuration.ts';
import { checkManifests } from './manifests.ts';

const claim = (name: string, size = 'storage: 1Gi') =>
  `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: ${name}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      ${size}\n`;

describe('the manifests, before a cluster is made', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-fixtures-'));
    await cp(join(projectRoot, 'fixtures', 'scenario'), join(folder, 'scenario'), { recursive: true });
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('of the project are right', () => checkManifests());

  const cases: [string, string, RegExp][] = [
    ['capitals in a name', claim('Example'), /claim-2\.yaml:4:9: .*capital letters/],
    ['an unknown field', `${claim('example')}  volumNam: x\n`, /:10:3: .*did you mean volumeName\?/],
    [
      'two documents with one name',
      `${claim('example')}---\n${claim('example')}`,
      /:14:9: .*example stands at .*:4 already/,
    ],
  ];
  for (const [title, text, problem] of cases) {
    it(`are refused for ${title}`, async () => {
      await writeFile(join(folder, 'scenario', 'claim-2.yaml'), text);
      const error = await checkManifests(folder).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(BadConfiguration).with.property('exit', 'badUsage');
      expect((error as BadConfiguration).problems).to.have.length(1);
      expect(String(error)).to.match(problem);
    });
  }

  it('are all reported at once', async () => {
    await writeFile(join(folder, 'a.yaml'), claim('A'));
    await writeFile(join(folder, 'b.yaml'), claim('B'));
    expect(String(await checkManifests(folder).catch((thrown: unknown) => thrown))).to.match(/2 problems/);
  });
});
