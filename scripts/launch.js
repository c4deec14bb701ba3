// Starts a program of this project. Kept to what any Node since 14 understands, so that an old one prints a sentence and
// not a syntax error. Exit status 3: see clusters/errors/exit-status.ts.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
const isSupported = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;

// Only a checkout has it.
const typescript = new URL('typescript.js', import.meta.url);

/**
 * Loads a program, or says what is missing: `program` is its name in that sentence; `load` gets the extension of its
 * modules, `ts` in a checkout and `js` in the package.
 */
export async function launch(program, load) {
  if (!isSupported) {
    console.error(`${program} needs Node 20.19 or later, or 22.12 or later; this is Node ${process.versions.node}.`);
    console.error('  do:   install a supported Node and run npm ci again');
    process.exitCode = 3;
    return;
  }
  if (!existsSync(fileURLToPath(typescript))) {
    await load('js');
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
  await import(typescript.href);
  await load('ts');
}
