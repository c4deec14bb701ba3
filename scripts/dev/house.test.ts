import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { houseProblems } from './house.ts';

/** Returns what is wrong with a tree of files, each given with the paths that it imports; all have the same text. */
async function problemsOf(tree: Readonly<Record<string, readonly string[]>>, text = ''): Promise<string[]> {
  const root = await mkdtemp(join(tmpdir(), 'lpv-house-'));
  try {
    for (const folder of ['clusters', 'fixtures', 'specs', 'scripts']) await mkdir(join(root, folder));
    for (const [path, imports] of Object.entries(tree)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      const lines = imports.map((other) => `import '${'../'.repeat(path.split('/').length - 1)}${other}';\n`);
      await writeFile(join(root, path), `${lines.join('')}export {};\n${text}`);
    }
    return await houseProblems(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

describe('the rules of the house', () => {
  it('are kept where arrows go down, and a folder and one inside it import each other', async () => {
    const tree = {
      'scripts/run/run.ts': ['specs/runner/run.ts', 'scripts/run/cluster/steps.ts'],
      'scripts/run/cluster/steps.ts': ['scripts/run/actions.ts', 'clusters/cluster.ts'],
      'scripts/run/actions.ts': [],
      'specs/runner/run.ts': ['fixtures/load.ts'],
      'specs/access/access.spec.ts': ['specs/harness/pods.ts', 'specs/access/mounts.ts'],
      'specs/access/mounts.ts': [],
      'specs/harness/pods.ts': ['specs/runner/run.ts'],
      'fixtures/load.ts': ['clusters/text/words.ts'],
      'clusters/text/words.ts': ['clusters/errors/error.ts'],
      'clusters/errors/error.ts': [],
      'clusters/cluster.ts': ['clusters/text/words.ts'],
    };
    expect(await problemsOf(tree)).to.deep.equal([]);
  });

  it('report everything that breaks one of them', async () => {
    const leaves = Object.fromEntries(
      [
        ...['scripts/run/run.ts', 'scripts/dev/dev.ts', 'specs/harness/pods.ts', 'specs/binding/rules.ts'],
        ...['fixtures/load.ts', 'clusters/cluster.ts'],
      ].map((path) => [path, []]),
    );
    const problems = await problemsOf({
      ...leaves,
      'clusters/up.ts': ['fixtures/load.ts'],
      'fixtures/up.ts': ['specs/harness/pods.ts'],
      'specs/up.ts': ['scripts/run/run.ts'],
      'clusters/text/up.ts': ['clusters/cluster.ts'],
      'specs/access/access.spec.ts': ['specs/binding/rules.ts'],
      'specs/harness/up.ts': ['specs/binding/rules.ts'],
      'specs/runner/up.ts': ['specs/harness/pods.ts'],
      'scripts/report/up.ts': ['scripts/run/run.ts'],
      'scripts/verbs/up.ts': ['scripts/dev/dev.ts'],
      'clusters/api/nowhere.ts': ['clusters/api/none.ts'],
      'clusters/nodes/a.ts': ['clusters/nodes/b.ts'],
      'clusters/nodes/b.ts': ['clusters/nodes/a.ts'],
    });
    expect(problems.sort()).to.deep.equal([
      'arrows-down-from-clusters: clusters/up.ts → fixtures/load.ts',
      'arrows-down-from-fixtures: fixtures/up.ts → specs/harness/pods.ts',
      'arrows-down-from-specs: specs/up.ts → scripts/run/run.ts',
      'chapters-apart: specs/access/access.spec.ts → specs/binding/rules.ts',
      'dev-apart: scripts/verbs/up.ts → scripts/dev/dev.ts',
      'ground-floor: clusters/text/up.ts → clusters/cluster.ts',
      'no-chapter-below: specs/harness/up.ts → specs/binding/rules.ts',
      'no-circle: clusters/nodes/a.ts → clusters/nodes/b.ts → clusters/nodes/a.ts',
      'report-without-run: scripts/report/up.ts → scripts/run/run.ts',
      'resolved: clusters/api/nowhere.ts → ../../clusters/api/none.ts',
      'runner-without-harness: specs/runner/up.ts → specs/harness/pods.ts',
    ]);
  });

  it('report a spec that names a node of the harness’s own cluster', async () => {
    const files = ['specs/access/a.spec.ts', 'specs/access/a.test.ts', 'specs/trace/recorded.ts', 'clusters/a.ts'];
    const tree = Object.fromEntries(files.map((path) => [path, []]));
    const problems = await problemsOf(
      tree,
      "// 'node1' in a comment\nawait using disk = await leaseVolume('node3');\n",
    );
    expect(problems).to.deep.equal(['no-node-name: specs/access/a.spec.ts:3']);
  });

  it('report folders that import each other, also through others, except a folder and one inside it', async () => {
    const problems = await problemsOf({
      'specs/catalogue/a.ts': ['specs/runner/a.ts'],
      'specs/runner/a.ts': [],
      'specs/runner/b.ts': ['specs/diagnosis/a.ts'],
      'specs/diagnosis/a.ts': ['specs/catalogue/b.ts'],
      'specs/catalogue/b.ts': [],
    });
    expect(problems).to.deep.equal([
      'no-folder-circle: specs/catalogue → specs/runner → specs/diagnosis → specs/catalogue',
    ]);
  });
});
