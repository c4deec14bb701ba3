import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import {
  emptyReport,
  exampleTrace,
  interruptedReport,
  planted,
  wholeReport,
  writeEvidence,
} from '../../made-up-for-tests.ts';
import type { LocalVolumeConformanceReport } from '../../model/report.ts';
import { describeInBrowser, launch, screenshotFolder, visit } from './browser.ts';
import { writeHtmlReport } from './report-page.ts';

/** The figures are 3 MB and one second; opening has room here for a machine that does other things too. */
const limits = { bytes: 3_000_000, openMilliseconds: 5_000, filterMilliseconds: 1_000 };

const reports = { whole: wholeReport(), interrupted: interruptedReport(), empty: emptyReport() };
type Name = keyof typeof reports;
const names = Object.keys(reports) as Name[];

interface Structure {
  levels: number[];
  ids: string[];
  tables: number;
}

describeInBrowser('report.html in a browser', (program) => {
  let browser: Browser;
  let folder: string;
  let screenshots: string;
  const address = (name: Name) => pathToFileURL(join(folder, name, 'report.html')).href;
  const open = (name: Name, options?: BrowserContextOptions) => visit(browser, address(name), options);
  const shown = (page: Page) => page.locator('.requirement:visible').count();
  const picture = (page: Page, name: string) => page.screenshot({ path: join(screenshots, `report-${name}.png`) });
  const focused = (page: Page) => page.evaluate<{ id: string; className: string; at: string }>('probe.focused()');

  async function write(name: Name, report: LocalVolumeConformanceReport): Promise<void> {
    await mkdir(join(folder, name));
    await writeEvidence(join(folder, name), report);
    await writeHtmlReport(join(folder, name), report, name === 'whole' ? [await exampleTrace()] : []);
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-html-'));
    screenshots = await screenshotFolder();
    for (const name of names) await write(name, reports[name]);
    browser = await launch(program);
  });

  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  it('opens fast, is small, and filters at once', async () => {
    const { size } = await stat(join(folder, 'whole', 'report.html'));
    const begun = performance.now();
    const { page } = await open('whole');
    const opened = performance.now() - begun;
    const filtered = await page.evaluate<number>('probe.filter("lv-bind")');
    process.stdout.write(
      `\n    report.html of 306 requirements: ${(size / 1e6).toFixed(2)} MB, opened in ${opened.toFixed(0)} ms, filtered in ${filtered.toFixed(1)} ms\n`,
    );
    expect(await shown(page)).to.equal(44);
    expect(size).to.be.below(limits.bytes);
    expect(opened).to.be.below(limits.openMilliseconds);
    expect(filtered).to.be.below(limits.filterMilliseconds);
  });

  for (const name of names) {
    it(`loads nothing and complains about nothing: ${name}`, async () => {
      const { page, complaints, requests } = await open(name);
      await page.locator('#scheme').click();
      await page.evaluate('probe.open("details")');
      expect(complaints).to.deep.equal([]);
      expect(requests).to.deep.equal([address(name)]);
      expect(await page.content()).not.to.include(planted.split(' ')[1]);
      expect(await page.locator('img, iframe, object').count()).to.equal(0);
    });

    it(`does not scroll sideways on a phone: ${name}`, async () => {
      const { page } = await open(name, { viewport: { width: 360, height: 780 }, deviceScaleFactor: 2 });
      await picture(page, `phone-${name}`);
      await page.evaluate('probe.open("details")');
      expect(await page.evaluate('probe.width()')).to.equal(360);
    });
  }

  it('draws the traces of the run in the colours of the page', async () => {
    const { page } = await open('whole', { colorScheme: 'dark' });
    const text = page.locator('#traces svg .trace-text').first();
    expect(await text.textContent()).to.equal('the volume is created');
    const fill = 'getComputedStyle(document.querySelector("#traces svg .trace-text")).fill';
    expect(await page.evaluate(fill)).to.equal('rgb(233, 238, 244)');
  });

  it('says what the run came to', async () => {
    const { page } = await open('whole');
    expect(await page.locator('h1').textContent()).to.equal(
      'Does not conform: 263 of 272 promises of Kubernetes about local volumes hold, 2 failed, 1 known issue, 6 skipped, 1 not applicable',
    );
    expect(await page.locator('.failure:not(.known)').count()).to.equal(3);
    const interrupted = await open('interrupted');
    expect(await interrupted.page.locator('main').textContent()).to.match(/interrupted by SIGINT: requirements/);
    const empty = await open('empty');
    expect(await empty.page.locator('main').textContent()).to.match(
      /Failure\s+Not finished[\s\S]*No requirement of the/,
    );
    expect(await empty.page.locator('form').count()).to.equal(0);
  });

  it('has landmarks, one first heading, headings without gaps, a caption for every table, no lost link', async () => {
    const { page } = await open('whole');
    for (const landmark of ['body > header', 'body > header > nav', 'body > main', 'body > footer']) {
      expect(await page.locator(landmark).count(), landmark).to.equal(1);
    }
    const found = await page.evaluate<Structure>('probe.structure()');
    expect(found.levels.filter((level) => level === 1)).to.have.length(1);
    for (const [index, level] of found.levels.entries()) {
      expect(level - (found.levels[index - 1] ?? 0)).to.be.at.most(1);
    }
    expect(found).to.include({ unnamed: 0, pictures: 0, lost: 0, captions: found.tables });
    expect(found.ids).to.have.length(new Set(found.ids).size);
  });

  for (const scheme of ['light', 'dark'] as const) {
    it(`has a contrast of 4.5:1 for every text in the ${scheme} scheme`, async () => {
      const { page } = await open('whole', { colorScheme: scheme });
      await picture(page, scheme);
      for (const place of ['requirements', 'durations']) {
        await page.evaluate(`probe.show("${place}")`);
        await picture(page, `${scheme}-${place}`);
      }
      await page.evaluate('probe.open(".requirement:nth-child(-n+4) details, .failure details")');
      expect(await page.evaluate('probe.faintTexts()')).to.deep.equal([]);
    });
  }

  it('is used by keyboard: skip link, search by /, filters, the first requirement', async () => {
    const { page } = await open('whole');
    await page.keyboard.press('Tab');
    expect(await focused(page)).to.include({ className: 'skip' });
    await page.keyboard.press('/');
    expect(await focused(page)).to.include({ id: 'q' });
    const path: string[] = [];
    while (path.length < 12 && !path.at(-1)?.startsWith('LV-')) {
      await page.keyboard.press('Tab');
      path.push((await focused(page)).at);
    }
    expect(path).to.deep.equal(['result', 'level', 'subject', 'chapter', 'LV-ACCESS-01']);
    await page.keyboard.press('Enter');
    expect(await page.locator('#LV-ACCESS-01 .body').isVisible()).to.equal(true);
  });

  it('reaches the search by Tab alone', async () => {
    const { page } = await open('whole');
    const reached: string[] = [];
    while (reached.length < 80 && reached.at(-1) !== 'q') {
      await page.keyboard.press('Tab');
      reached.push((await focused(page)).id);
    }
    expect(reached.at(-1)).to.equal('q');
  });

  it('keeps the view in the address, and shows what an address names', async () => {
    const first = await open('whole');
    await first.page.locator('#q').fill('lv-access');
    await first.page.getByText('failed 2', { exact: true }).click();
    expect(await shown(first.page)).to.equal(1);
    expect(new URL(first.page.url()).hash).to.equal('#q=lv-access&result=failed');
    expect(await first.page.locator('[role=status]').textContent()).to.equal('1 of 306 requirements');

    const { page, complaints } = await visit(browser, first.page.url());
    expect(await shown(page)).to.equal(1);
    expect(await page.locator('#q').inputValue()).to.equal('lv-access');
    await page.evaluate('location.hash = "LV-BINDING-02"');
    await page.locator('#LV-BINDING-02 .body').waitFor({ state: 'visible' });
    expect(await shown(page)).to.equal(306);
    await page.locator('#q').fill('no such words');
    expect(await page.locator('#none').isVisible()).to.equal(true);
    await page.getByRole('button', { name: 'Show all' }).click();
    expect(await shown(page)).to.equal(306);
    expect(complaints).to.deep.equal([]);
  });

  it('bears an address that is broken', async () => {
    const { page, complaints } = await visit(browser, `${address('whole')}#%E0%A4%A`);
    expect(await shown(page)).to.equal(306);
    expect(complaints).to.deep.equal([]);
  });

  it('is whole without scripts', async () => {
    const { page } = await open('whole', { javaScriptEnabled: false });
    expect(await shown(page)).to.equal(306);
    expect(await page.locator('form.filter').isVisible()).to.equal(false);
    await page.locator('#LV-ACCESS-01 > details > summary').click();
    expect(await page.locator('#LV-ACCESS-01 .body').isVisible()).to.equal(true);
  });
});
