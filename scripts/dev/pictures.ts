// Renews the README's pictures from a run: npm run pictures -- reports/<time>-<run>
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../../clusters/project-root.ts';
import { findChromium, launch, noChromium } from '../report/formats/html/browser.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('name the folder of a run: npm run pictures -- reports/<time>-<run>');
const program = findChromium();
if (program === undefined) throw new Error(noChromium);

const run = resolve(folder);
const trace = (await readdir(join(run, 'traces'))).find((name) => name.endsWith('.svg'));
if (trace === undefined) throw new Error(`${run}/traces has no trace: choose a run with SEED-7`);

const browser = await launch(program);
try {
  const context = await browser.newContext({ viewport: { width: 1100, height: 660 }, colorScheme: 'light' });
  const page = await context.newPage();
  for (const [file, picture] of [
    ['report.html', 'report.png'],
    [join('traces', trace), 'trace.png'],
  ] as const) {
    await page.goto(pathToFileURL(join(run, file)).href);
    await page.screenshot({ path: join(projectRoot, '.github', picture) });
  }
} finally {
  await browser.close();
}
