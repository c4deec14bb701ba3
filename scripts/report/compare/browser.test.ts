import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { describeInBrowser, launch, visit } from '../formats/html/browser.ts';
import { emptyReport, reportedRequirement, reportWith, wholeReport } from '../made-up-for-tests.ts';
import { writeComparison } from './write-comparison.ts';

describeInBrowser('comparison.html in a browser', (program) => {
  let browser: Browser;
  let folder: string;
  let address: string;
  let screenshots: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-comparison-'));
    screenshots = process.env.LPV_SCREENSHOTS ?? join(tmpdir(), 'lpv-screenshots');
    await mkdir(screenshots, { recursive: true });
    const passed = wholeReport().requirements.map(({ id, chapter }) => reportedRequirement(id, chapter));
    await writeComparison(folder, [
      reportWith(passed, { run: 'before' }),
      wholeReport(),
      { ...emptyReport(), run: 'none' },
    ]);
    address = pathToFileURL(join(folder, 'comparison.html')).href;
    browser = await launch(program);
  });

  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  for (const scheme of ['light', 'dark'] as const) {
    it(`loads nothing, complains about nothing, and is legible in the ${scheme} scheme`, async () => {
      const { page, complaints, requests } = await visit(browser, address, { colorScheme: scheme });
      await page.screenshot({ path: join(screenshots, `comparison-${scheme}.png`) });
      expect(await page.evaluate('probe.faintTexts()')).to.deep.equal([]);
      expect({ complaints, requests }).to.deep.equal({ complaints: [], requests: [address] });
    });
  }

  it('has a caption for every table and no lost link, and does not scroll sideways on a phone', async () => {
    const { page } = await visit(browser, address, { viewport: { width: 360, height: 780 } });
    await page.screenshot({ path: join(screenshots, 'comparison-phone.png') });
    const found = await page.evaluate<{ tables: number; captions: number; lost: number }>('probe.structure()');
    expect(found).to.include({ captions: found.tables, lost: 0, unnamed: 0 });
    expect(await page.evaluate('probe.width()')).to.equal(360);
  });
});
