import { describePage } from '../../report/formats/html/browser.ts';
import { madeUpCell, madeUpStorm, skippedCell } from '../made-up-for-tests.ts';
import { writeStormPage } from './page.ts';

describePage('storm', async (folder) => {
  const cells = [100, 300, 1000].flatMap((claims) => [
    madeUpCell({ claims }, 150),
    madeUpCell({ claims, nodes: 300 }, 160),
    madeUpCell({ claims, layout: 'pinned' }, 155),
  ]);
  await writeStormPage(folder, madeUpStorm([...cells, skippedCell({ claims: 3000 })]));
});
