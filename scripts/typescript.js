// Module hook with which Node loads TypeScript in a checkout: esbuild transforms each file once, and the result stays in
// node_modules/.cache with the hash of the source. The package has JavaScript and no such hook.
// Own code: tsx alone takes three times as long as Node to start.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'lpv');
let esbuild;

// Importing this registers the hook: in this thread where Node can do that (22.15 and later), else in Node's thread for
// hooks, which imports it again.
if (isMainThread) {
  // So that stacks name the lines of the sources.
  process.setSourceMapsEnabled(true);
  if (module.registerHooks) module.registerHooks({ load });
  else module.register(import.meta.url);
}

export function load(url, context, nextLoad) {
  if (!/^file:.*\.ts(\?|$)/.test(url)) return nextLoad(url, context);
  return { format: 'module', source: javaScriptOf(fileURLToPath(url)), shortCircuit: true };
}

function javaScriptOf(path) {
  const source = readFileSync(path, 'utf8');
  const mark = `\n// ${createHash('sha256').update(source).digest('hex')}`;
  const cached = `${join(cache, relative(root, path))}.js`;
  try {
    const javaScript = readFileSync(cached, 'utf8');
    if (javaScript.endsWith(mark)) return javaScript;
  } catch {
    // Not there yet.
  }
  esbuild ??= module.createRequire(import.meta.url)('esbuild');
  const { code } = esbuild.transformSync(source, {
    loader: 'ts',
    format: 'esm',
    target: 'es2023',
    sourcemap: 'inline',
    sourcesContent: false,
    // Without a folder, so that the cache may move with its checkout.
    sourcefile: basename(path),
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  const javaScript = code + mark;
  try {
    mkdirSync(dirname(cached), { recursive: true });
    // Renamed, as several processes may write at the same time.
    writeFileSync(`${cached}.${process.pid}`, javaScript);
    renameSync(`${cached}.${process.pid}`, cached);
  } catch {
    // A cache that cannot be written costs time only.
  }
  return javaScript;
}
