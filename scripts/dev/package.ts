/**
 * Makes what `npm pack --ignore-scripts=false` packs: `dist` with JavaScript made from what `lpv` and the specs import, and the files that
 * these read. Run as a program (`npm pack` does), it makes `dist` in the project; as the check `package` it packs that,
 * too, and tries it without the packages of developers.
 */
import { constants, copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { $, type Shell } from 'zx';
import { projectRoot } from '../../clusters/project-root.ts';

/** Returns whether a file, by its path in the project, goes into the package as it is. */
export function isPackaged(path: string): boolean {
  if (!/^(clusters|fixtures|specs|scripts)\//.test(path)) return false;
  if (/\.(ts|md)$/.test(path)) return false;
  return !/^scripts\/(dev\/|typescript\.js$)|^specs\/trace\/recorded\/|\/browser-probe\.js$/.test(path);
}

/** Creates `dist` in the project, without what an earlier build left there. */
export async function buildPackage(shell: Shell): Promise<void> {
  const dist = join(projectRoot, 'dist');
  await rm(dist, { recursive: true, force: true });
  await shell`tsc -p tsconfig.package.json`;
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

/** Packs the project, and runs the package in an empty folder with only the packages that it names. Throws if not so. */
export async function tryPackage(shell: Shell): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lpv-package-'));
  try {
    const packed = JSON.parse(
      (await shell`npm pack --ignore-scripts=false --json --pack-destination ${folder}`).stdout,
    );
    const [{ filename, files }] = packed as [{ filename: string; files: { path: string }[] }];
    const surplus = files.filter(({ path }) => /\.test\.|\.ts$|\/dev\/|recorded\//.test(path));
    if (surplus.length > 0) throw new Error(`packed, and not for users: ${surplus.map(({ path }) => path).join(', ')}`);
    const modules = join(folder, 'node_modules');
    const installed = join(modules, 'local-pv-conformance');
    await mkdir(installed, { recursive: true });
    await shell`tar -xzf ${join(folder, filename)} -C ${installed} --strip-components 1`;
    const { bin, dependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    for (const name of Object.keys(dependencies)) {
      await mkdir(dirname(join(modules, name)), { recursive: true });
      await symlink(join(projectRoot, 'node_modules', name), join(modules, name));
    }
    const lpv = join(installed, bin.lpv);
    const work = shell({ cwd: folder });
    for (const args of [['--version'], ['run', '--help'], ['list', '--json'], ['run', '--list'], ['run', '--dry-run']])
      await work`${process.execPath} ${lpv} ${args}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await buildPackage($({ cwd: projectRoot, preferLocal: projectRoot, verbose: false }));
