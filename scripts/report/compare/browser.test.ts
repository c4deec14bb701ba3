import { describePage } from '../formats/html/browser.ts';
import { emptyReport, reportedRequirement, reportWith, wholeReport } from '../made-up-for-tests.ts';
import { writeComparison } from './write-comparison.ts';

describePage('comparison', async (folder) => {
  const passed = wholeReport().requirements.map(({ id, chapter }) => reportedRequirement(id, chapter));
  await writeComparison(folder, [
    reportWith(passed, { run: 'before' }),
    wholeReport(),
    { ...emptyReport(), run: 'none' },
  ]);
});
