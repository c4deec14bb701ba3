import { readFile } from 'node:fs/promises';
import { messageOf } from '../../../clusters/errors/domain-error.ts';
import { installPackages, refreshPackageLists } from '../../../clusters/host/engine/apt.ts';
import { findChromium, noChromium } from '../../report/formats/html/browser.ts';
import type { StageOutcome } from './tally.ts';
import { browserTests, runTests } from './unit-tests.ts';

/**
 * The pages of reports in a real browser. Chromium is installed where it is missing, as root on Debian, unless the user
 * wants nothing installed; elsewhere the tests are skipped for want of it.
 */
export async function testsInBrowser(signal: AbortSignal): Promise<StageOutcome> {
  if (findChromium() === undefined) {
    const reason = await whyNotInstalled(signal);
    if (reason !== undefined) return { kind: 'skipped', reason };
  }
  return await runTests(browserTests, signal);
}

/** Installs Chromium; gives the reason where it did not. */
async function whyNotInstalled(signal: AbortSignal): Promise<string | undefined> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const may = process.getuid?.() === 0 && /^ID=debian$/m.test(release) && process.env.LPV_INSTALL !== 'off';
  if (!may) return noChromium;
  process.stdout.write('   installing chromium with apt, to open report.html in\n');
  try {
    await refreshPackageLists(signal);
    await installPackages(['chromium'], signal);
  } catch (error) {
    signal.throwIfAborted();
    return `chromium cannot be installed: ${messageOf(error).split('\n')[0]}`;
  }
  return undefined;
}
