import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
