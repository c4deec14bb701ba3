import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { projectRoot } from '../../../clusters/project-root.ts';
import { allRequirements } from '../../../specs/catalogue/catalogue.ts';

const page = readFileSync(new URL('faults.md', import.meta.url), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => /^\| F\d/.test(line))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  .map(([, fault = '', , holds = '', by = '']) => ({
    fault,
    holds,
    by,
    names: [...by.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  }));

/** A test as the page names it; a file without a folder is one of this folder. */
function testIn(name: string): { file: string; title: string } | undefined {
  const [, file = '', title = ''] = /^(\S+\.(?:spec|test)\.ts): (.+)$/.exec(name) ?? [];
  if (file === '') return undefined;
  return { file: fileOf(file), title };
}

function fileOf(name: string): string {
  return name.includes('/') ? name : join(relative(projectRoot, import.meta.dirname), name);
}

const titleOf = (test: ReturnType<typeof testIn>) => (test ? `${test.file}: ${test.title}` : '');

/** Returns the titles of the tests of some files, as mocha reads them; each as `file: title`. */
async function titlesOf(files: readonly string[]): Promise<Set<string>> {
  const mocha = join(projectRoot, 'node_modules', '.bin', 'mocha');
  const { stdout } = await promisify(execFile)(mocha, ['--dry-run', '--reporter', 'json', ...files], {
    cwd: projectRoot,
    maxBuffer: 2 ** 26,
  });
  const { tests } = JSON.parse(stdout) as { tests: { file: string; title: string }[] };
  return new Set(tests.map(({ file, title }) => `${relative(projectRoot, file)}: ${title}`));
}

describe('the table of faults', function () {
  this.timeout(120_000);
  const suites = ['faults.spec.ts', 'cluster-faults.spec.ts'].map((name) => fileOf(name));
  const cited = rows.flatMap(({ names }) => names.map(testIn)).filter((test) => test !== undefined);
  let titles: Set<string>;
  before(async () => {
    titles = await titlesOf([...new Set([...suites, ...cited.map(({ file }) => file)])]);
  });

  it('has F1 to F34, each once and in order', () => {
    expect(rows.map(({ fault }) => fault)).to.deep.equal(Array.from({ length: 34 }, (_, index) => `F${index + 1}`));
  });

  it('counts those that are really caused, those at the seam, and those that cannot happen', () => {
    const namesOf = (some: typeof rows) => some.map(({ fault }) => fault).join(', ');
    const impossible = rows.filter(({ holds }) => holds.startsWith('cannot happen'));
    const really = /^(?:[\w-]+\.spec\.ts: |(?:SEED|LV)-|scripts\/verbs\/bad-usage\.test\.ts: )/;
    const possible = rows.filter((row) => !impossible.includes(row));
    const atSeam = possible.filter(({ names }) => !names.some((name) => really.test(name)));
    expect(atSeam.filter(({ by }) => !by.includes('_Seam_')).map(({ fault }) => fault)).to.deep.equal([]);
    const sentences = `${possible.length - atSeam.length} are really caused: .* ${atSeam.length} are caused at the seam only: ${namesOf(atSeam)}\\. ${impossible.length} cannot happen: ${namesOf(impossible)}\\.`;
    expect(page.replaceAll('\n', ' ')).to.match(new RegExp(sentences));
  });

  it('names for each fault a test that exists', () => {
    const ids = new Set(allRequirements().map(({ id }) => id));
    const isTest = (name: string) => testIn(name) !== undefined || /^(SEED|LV)-/.test(name);
    const exists = (name: string) => ids.has(name) || titles.has(titleOf(testIn(name)));
    expect(rows.filter(({ names }) => !names.some(isTest)).map(({ fault }) => fault)).to.deep.equal([]);
    const tests = rows.flatMap(({ names }) => names.filter(isTest));
    expect(tests.filter((name) => !exists(name))).to.deep.equal([]);
  });

  it('names every test of the suites that belongs to one of them', () => {
    const named = new Set(cited.map(titleOf));
    const others = [/a node image that does not exist$/, /SIGINT while specs change nodes/];
    const missing = [...titles].filter(
      (title) =>
        suites.some((file) => title.startsWith(`${file}: `)) &&
        !named.has(title) &&
        !others.some((each) => each.test(title)),
    );
    expect(missing).to.deep.equal([]);
  });

  it('no program is run with sudo', () => {
    const folders = ['clusters', 'specs', 'scripts'].map((name) => join(projectRoot, name));
    const sources = folders
      .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && /\.(ts|sh)$/.test(entry.name) && !entry.name.endsWith('.test.ts'))
      .map(({ parentPath, name }) => join(parentPath, name));
    const withSudo = sources.filter((path) => /(['"`]|^\s*)sudo['"`\s]/m.test(readFileSync(path, 'utf8')));
    expect(withSudo).to.deep.equal([]);
  });
});
