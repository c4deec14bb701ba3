import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path/posix';
import { cruise, type ICruiseOptions, type ICruiseResult, type IModule } from 'dependency-cruiser';
import { projectRoot } from '../../clusters/project-root.ts';

const rules = new URL('../../.dependency-cruiser.json', import.meta.url);
const folders = ['clusters', 'fixtures', 'specs', 'scripts'];

/**
 * Returns what in a tree breaks the rules of .dependency-cruiser.json, a line each, such as
 * `no-circle: clusters/a.ts → clusters/b.ts → clusters/a.ts`, and circles of folders. Empty: the house is in order.
 */
export async function houseProblems(root = projectRoot): Promise<string[]> {
  const { forbidden, options } = JSON.parse(await readFile(rules, 'utf8')) as {
    forbidden: NonNullable<NonNullable<ICruiseOptions['ruleSet']>['forbidden']>;
    options: ICruiseOptions;
  };
  const { output } = await cruise(folders, { ...options, baseDir: root, validate: true, ruleSet: { forbidden } });
  const { modules, summary } = output as ICruiseResult;
  const broken = summary.violations.map(({ rule, from, to, cycle }) =>
    [`${rule.name}: ${from}`, ...(cycle?.map(({ name }) => name) ?? [to])].join(' → '),
  );
  return [
    ...broken,
    ...folderCircles(modules).map((circle) => `no-folder-circle: ${circle.join(' → ')}`),
    ...(await nodeNames(root, modules)),
  ];
}

/**
 * Returns the lines of specs, and of what they are written with, that name a node of clusters/three-node.yaml. Such a
 * spec would run on no other cluster: the harness has `firstNode()`, `secondNode()` and `thirdNode()` for them. Unit
 * tests, records of clusters and comments may name any node.
 */
async function nodeNames(root: string, modules: readonly IModule[]): Promise<string[]> {
  const files = modules
    .map(({ source }) => source)
    .filter((path) => /^specs\/(?!diagnosis|trace).*(?<!\.test)\.ts$/.test(path));
  const found = files.map(async (path) => {
    const lines = (await readFile(join(root, path), 'utf8')).split('\n');
    return lines.flatMap((line, index) =>
      /^(?!\s*(?:\/\/|\/?\*)).*(['"`])node[123]\1/.test(line) ? [`no-node-name: ${path}:${index + 1}`] : [],
    );
  });
  return (await Promise.all(found)).flat();
}

/**
 * Returns each circle of folders once. dependency-cruiser counts a folder and one inside it as a circle, and its rules
 * cannot except them; here they count as one way. Unit tests may look across.
 */
function folderCircles(modules: readonly IModule[]): string[][] {
  const next = new Map<string, Set<string>>();
  for (const { source, dependencies } of modules) {
    const from = dirname(source);
    const of = next.get(from) ?? new Set<string>();
    next.set(from, of);
    if (!folders.includes(source.split('/', 1)[0] ?? '') || source.endsWith('.test.ts')) continue;
    for (const to of dependencies.map(({ resolved }) => dirname(resolved))) {
      if (!`${from}/`.startsWith(`${to}/`) && !`${to}/`.startsWith(`${from}/`)) of.add(to);
    }
  }
  const circles: string[][] = [];
  const done = new Set<string>();
  const visit = (folder: string, path: readonly string[]): void => {
    const at = path.indexOf(folder);
    if (at >= 0) circles.push([...path.slice(at), folder]);
    if (at >= 0 || done.has(folder)) return;
    for (const to of next.get(folder) ?? []) visit(to, [...path, folder]);
    done.add(folder);
  };
  for (const folder of next.keys()) visit(folder, []);
  return circles;
}

if (process.argv[1] === import.meta.filename) {
  const problems = await houseProblems();
  process.stdout.write(problems.map((line) => `${line}\n`).join(''));
  process.exitCode = problems.length === 0 ? 0 : 1;
}
