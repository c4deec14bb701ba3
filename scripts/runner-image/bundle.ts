import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { isCheckout, projectRoot } from '../../clusters/project-root.ts';
import { harnessFacts } from '../run/surroundings.ts';

/** Where the image has the harness. */
export const imageRoot = '/lpv';

/** The entry point of the image, relative to that. */
export const entryPoint = 'scripts/in-cluster/start';

/** What is used of esbuild. */
interface Bundler {
  build(options: object): Promise<unknown>;
}

/** What esbuild gives a plugin. */
interface Plugged {
  onLoad(options: { filter: RegExp }, load: (file: { path: string }) => Promise<object | undefined>): void;
}

const folders = ['clusters', 'fixtures', 'specs', 'scripts'];

/** Returns whether a file, by its path in the project, belongs as it is to what users run. */
export function isPackaged(path: string): boolean {
  if (!/^(clusters|fixtures|specs|scripts)\//.test(path)) return false;
  if (/\.(ts|md)$/.test(path)) return false;
  return !/^scripts\/(dev\/|typescript\.js$)|^specs\/trace\/recorded\/|\/browser-probe\.js$/.test(path);
}

/** Returns the paths of the project's files, relative to its root, in order. */
async function projectFiles(): Promise<string[]> {
  const all = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(projectRoot, folder), { withFileTypes: true, recursive: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => relative(projectRoot, join(entry.parentPath, entry.name))),
    ),
  );
  return all.flat().sort();
}

/**
 * Returns a digest of all that the bundle is made from.
 * @throws DomainError (badUsage) where the harness is no checkout: its package lacks the bundler
 */
export async function digestOfHarness(): Promise<string> {
  if (!isCheckout()) throw noBundler();
  const hash = createHash('sha256').update(process.version);
  for (const path of [...(await projectFiles()), 'package-lock.json']) {
    if (!isPackaged(path) && (!/\.ts$|-lock\.json$/.test(path) || /\.test\.ts$|^scripts\/dev\//.test(path))) continue;
    const file = await readFile(join(projectRoot, path)).catch(() => undefined);
    if (file) hash.update(path).update('\0').update(file);
  }
  return hash.digest('hex');
}

/**
 * Writes the harness into a folder as it stands in the image: its code and that of the packages it uses as few files of
 * JavaScript (without them, Node reads thousands, which takes many seconds), and the files that they read.
 * `root` is the path at which it is going to stand.
 */
export async function bundleHarness(folder: string, root = imageRoot): Promise<void> {
  const files = await projectFiles();
  const specs = files.filter((path) => path.endsWith('.spec.ts') && !path.startsWith('scripts/dev/'));
  // Only developers have it, and only they get here.
  const esbuild = createRequire(import.meta.url)('esbuild') as Bundler;
  await esbuild.build({
    absWorkingDir: projectRoot,
    entryPoints: [`${entryPoint}.ts`, ...specs],
    outbase: projectRoot,
    outdir: folder,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    // The specs and what runs them share the modules that hold the running spec.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    legalComments: 'eof',
    logLevel: 'silent',
    // Of packages that are CommonJS.
    banner: {
      js: "import { createRequire as lpvRequire } from 'node:module'; const require = lpvRequire(import.meta.url);",
    },
    plugins: [
      {
        name: 'places',
        setup: (build: Plugged) => build.onLoad({ filter: /\.ts$/ }, ({ path }) => inItsPlace(path, root)),
      },
    ],
  });
  for (const path of files.filter(isPackaged)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await cp(join(projectRoot, path), join(folder, path));
  }
  const { name, type } = JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8'));
  await writeFile(join(folder, 'package.json'), `${JSON.stringify({ name, type, ...(await harnessFacts()) })}\n`);
}

/** Returns a module that knows the place that it has below `root` by itself, whatever file its code gets into. */
async function inItsPlace(path: string, root: string): Promise<{ contents: string; loader: 'ts' } | undefined> {
  const inProject = relative(projectRoot, path);
  if (inProject.startsWith('..') || inProject.startsWith('node_modules')) return undefined;
  const source = await readFile(path, 'utf8');
  const place = join(root, inProject).replace(/\.ts$/, '.js');
  const places: [text: string, value: string][] = [
    ['import.meta.url', pathToFileURL(place).href],
    ['import.meta.dirname', dirname(place)],
    ['import.meta.filename', place],
  ];
  const contents = places.reduce((text, [from, to]) => text.replaceAll(from, JSON.stringify(to)), source);
  return { contents, loader: 'ts' };
}

function noBundler(): DomainError {
  return new DomainError(
    {
      attempted: 'making the image of the runner',
      seen: 'this is an installed package, which has no bundler',
      remedy: 'use a checkout of the repository, or build scripts/runner-image/Dockerfile there',
    },
    { exit: 'badUsage' },
  );
}
