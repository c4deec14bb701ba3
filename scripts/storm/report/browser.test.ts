import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { describeInBrowser, launch, visit } from '../../report/formats/html/browser.ts';
import { madeUpCell, madeUpStorm, skippedCell } from '../made-up-for-tests.ts';
import { writeStormPage } from './page.ts';

describeInBrowser('storm.html in a browser', (program) => {
  let browser: Browser;
  let folder: string;
  let address: string;
  let screenshots: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-storm-page-'));
    screenshots = process.env.LPV_SCREENSHOTS ?? join(tmpdir(), 'lpv-screenshots');
    await mkdir(screenshots, { recursive: true });
    const cells = [100, 300, 1000].flatMap((claims) => [
      madeUpCell({ claims }, 150),
      madeUpCell({ claims, nodes: 300 }, 160),
      madeUpCell({ claims, layout: 'pinned' }, 155),
    ]);
    await writeStormPage(folder, madeUpStorm([...cells, skippedCell({ claims: 3000 })]));
    address = pathToFileURL(join(folder, 'storm.html')).href;
    browser = await launch(program);
  });

  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  for (const scheme of ['light', 'dark'] as const) {
    it(`loads nothing, complains about nothing, and is legible in the ${scheme} scheme`, async () => {
      const { page, complaints, requests } = await visit(browser, address, { colorScheme: scheme });
      await page.screenshot({ path: join(screenshots, `storm-${scheme}.png`), fullPage: true });
      expect(await page.evaluate('probe.faintTexts()')).to.deep.equal([]);
      expect({ complaints, requests }).to.deep.equal({ complaints: [], requests: [address] });
    });
  }

  it('has a caption for every table and no lost link, and does not scroll sideways on a phone', async () => {
    const { page } = await visit(browser, address, { viewport: { width: 360, height: 780 } });
    const found = await page.evaluate<{ tables: number; captions: number; lost: number }>('probe.structure()');
    expect(found).to.include({ captions: found.tables, lost: 0, unnamed: 0 });
    expect(await page.evaluate('probe.width()')).to.equal(360);
  });
});
