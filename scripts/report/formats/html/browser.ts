import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** A page with what the browser had to complain about, and what it was asked to load. */
export interface Visit {
  page: Page;
  complaints: string[];
  requests: string[];
}

/** Chromium, as LPV_CHROMIUM or PATH have it. */
export function findChromium(): string | undefined {
  const { LPV_CHROMIUM: given, PATH: path = '' } = process.env;
  if (given) return given;
  return ['chromium', 'chromium-browser', 'google-chrome']
    .flatMap((name) => path.split(delimiter).map((folder) => join(folder, name)))
    .find((file) => existsSync(file));
}

/** Tests in a browser, where this machine has one; elsewhere they are skipped, and their title says why. */
export function describeInBrowser(title: string, tests: (this: Mocha.Suite, program: string) => void): void {
  const program = findChromium();
  if (program === undefined) describe.skip(`${title} (${noChromium})`, () => it('is looked at'));
  else
    describe(title, function () {
      this.timeout(60_000);
      tests.call(this, program);
    });
}

/** Returns the folder in which tests leave pictures of pages. */
export async function screenshotFolder(): Promise<string> {
  const folder = process.env.LPV_SCREENSHOTS ?? join(tmpdir(), 'lpv-screenshots');
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Tests of what any page must be, in a browser. `write` writes `<name>.html` into a folder. */
export function describePage(name: string, write: (folder: string) => Promise<void>): void {
  describeInBrowser(`${name}.html in a browser`, (program) => {
    let browser: Browser;
    let folder: string;
    let address: string;
    let screenshots: string;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), `lpv-${name}-page-`));
      screenshots = await screenshotFolder();
      await write(folder);
      address = pathToFileURL(join(folder, `${name}.html`)).href;
      browser = await launch(program);
    });

    after(async () => {
      await browser?.close();
      await rm(folder, { recursive: true });
    });

    for (const scheme of ['light', 'dark'] as const) {
      it(`loads nothing, complains about nothing, and is legible in the ${scheme} scheme`, async () => {
        const { page, complaints, requests } = await visit(browser, address, { colorScheme: scheme });
        await page.screenshot({ path: join(screenshots, `${name}-${scheme}.png`), fullPage: true });
        expect(await page.evaluate('probe.faintTexts()')).to.deep.equal([]);
        expect({ complaints, requests }).to.deep.equal({ complaints: [], requests: [address] });
      });
    }

    it('has a caption for every table and no lost link, and does not scroll sideways on a phone', async () => {
      const { page } = await visit(browser, address, { viewport: { width: 360, height: 780 } });
      await page.screenshot({ path: join(screenshots, `${name}-phone.png`) });
      const found = await page.evaluate<{ tables: number; captions: number; lost: number }>('probe.structure()');
      expect(found).to.include({ captions: found.tables, lost: 0, unnamed: 0 });
      expect(await page.evaluate('probe.width()')).to.equal(360);
    });
  });
}

/** Why tests in a browser cannot run on this machine. */
export const noChromium =
  'skipped: LPV_CHROMIUM is not set, and no chromium, chromium-browser or google-chrome is on PATH';

/** Chromium's sandbox cannot be had as root, as in a container of CI; the pages are ours. */
export function launch(program: string): Promise<Browser> {
  return chromium.launch({ executablePath: program, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

/** Opens an address in a context of its own, with `probe` (browser-probe.js) in the page. */
export async function visit(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  await page.addInitScript({ path: fileURLToPath(new URL('./browser-probe.js', import.meta.url)) });
  const seen: Visit = { page, complaints: [], requests: [] };
  page.on('console', (message) => seen.complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => seen.complaints.push(String(error)));
  page.on('request', (request) => seen.requests.push(request.url()));
  await page.goto(address);
  return seen;
}
