// Starts a program of this project. Kept to what any Node since 14 understands, so that an old one prints a sentence and
// not a syntax error. Exit status 3: see clusters/errors/exit-status.ts.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
const isSupported = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;

/**
 * Loads a program, or says what is missing: `program` is its name in that sentence, `source` the URL of its `.ts` file,
 * which in the package is JavaScript of the same name.
 */
export async function launch(program, source) {
  if (!isSupported) {
    console.error(`${program} needs Node 20.19 or later, or 22.12 or later; this is Node ${process.versions.node}.`);
    console.error('  do:   install a supported Node and run npm ci again');
    process.exitCode = 3;
    return;
  }
  if (!existsSync(fileURLToPath(source))) {
    await import(source.href.replace(/\.ts$/, '.js'));
    return;
  }
  try {
    createRequire(import.meta.url).resolve('esbuild');
  } catch {
    console.error(`${program} cannot find the packages it needs.`);
    console.error('  do:   run npm ci in the project folder');
    process.exitCode = 3;
    return;
  }
  const { loadTypeScript } = await import('./typescript.js');
  loadTypeScript();
  await import(source.href);
}
