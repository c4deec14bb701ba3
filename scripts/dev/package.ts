/**
 * Makes what `npm pack --ignore-scripts=false` packs: `dist` with JavaScript made from what `lpv` and the specs import, and the files that
 * these read. Run as a program (`npm pack` does), it makes `dist` in the project; as the check `package` it packs that,
 * too, and tries it in an empty folder.
 */
import { constants, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { $, type Shell } from 'zx';
import { innerShell } from '../../clusters/host/command/host.ts';
import { projectRoot } from '../../clusters/project-root.ts';
import { isPackaged } from '../runner-image/bundle.ts';

/** The compiler: TypeScript 7 takes a sixth of the processors that TypeScript 6 does, whose API dependency-cruiser needs. */
export const compiler = [process.execPath, join(projectRoot, 'node_modules', 'typescript-7', 'bin', 'tsc')] as const;

/** Creates `dist` in the project, without what an earlier build left there. */
export async function buildPackage(shell: Shell): Promise<void> {
  const dist = join(projectRoot, 'dist');
  await rm(dist, { recursive: true, force: true });
  await shell`${[...compiler, '-p', 'tsconfig.package.json']}`;
  for (const top of ['clusters', 'fixtures', 'specs', 'scripts']) {
    for (const entry of await readdir(join(projectRoot, top), { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name).slice(projectRoot.length);
      if (!entry.isFile() || !isPackaged(path)) continue;
      await mkdir(dirname(join(dist, path)), { recursive: true });
      // A script would overwrite what is compiled from TypeScript of the same name.
      await copyFile(join(projectRoot, path), join(dist, path), constants.COPYFILE_EXCL);
    }
  }
  const { name, version, type } = JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8'));
  await writeFile(join(dist, 'package.json'), `${JSON.stringify({ name, version, type })}\n`);
}

/**
 * Packs the project, installs the package in an empty folder as its users do, and runs it there by its name. Throws where
 * that fails, or where something is packed that users do not need.
 */
export async function tryPackage(shell: Shell): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lpv-package-'));
  try {
    const packed = JSON.parse(
      (await shell`npm pack --ignore-scripts=false --json --pack-destination ${folder}`).stdout,
    );
    const [{ filename, files }] = packed as [{ filename: string; files: { path: string }[] }];
    const surplus = files.filter(({ path }) => isSurplus(path));
    if (surplus.length > 0) throw new Error(`packed, and not for users: ${surplus.map(({ path }) => path).join(', ')}`);
    const empty = join(folder, 'empty');
    await mkdir(empty);
    const work = shell({ cwd: empty, nothrow: false });
    // `npm ci` has filled npm's cache with all that is needed.
    await work`npm install --prefer-offline --ignore-scripts --no-audit --no-fund ${join(folder, filename)}`;
    for (const args of [['--version'], ['run', '--help'], ['list', '--json'], ['run', '--list'], ['run', '--dry-run']])
      await work`npx --no-install local-pv-conformance ${args}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Returns whether a packed file is of no use to users: sources, tests, what only developers run. */
export function isSurplus(path: string): boolean {
  if (['package.json', 'README.md', 'LICENSE'].includes(path)) return false;
  return !path.startsWith('dist/') || /\.test\.|\.ts$|\.md$|-for-tests\.|\/dev\/|\/recorded\//.test(path);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await buildPackage(
    $({ cwd: projectRoot, preferLocal: projectRoot, verbose: false, env: { ...process.env, ...innerShell } }),
  );
