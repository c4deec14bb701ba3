/**
 * Runs everything several times in a row, each time on a new cluster and in another order; after each run the machine
 * must be as it was before. A run that fails does not stop the others.
 *
 *   npm run test:repeat                                                       ten times
 *   LPV_REPEAT_TIMES=5 LPV_REPEAT_OPTIONS='--kubernetes 1.36,1.37' npm run test:repeat     options are those of lpv run
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { projectRoot } from '../../../clusters/project-root.ts';
import { seedLimit } from '../../../specs/runner/plan.ts';
import { inSandbox } from './sandbox.ts';

/** Milliseconds; a run on several minors is as many runs. */
const longestRun = 45 * 60_000;

describe('runs in a row conform and leave nothing behind', function () {
  this.timeout(longestRun + 300_000);
  const spec = inSandbox();
  const { LPV_REPEAT_TIMES = '10', LPV_REPEAT_OPTIONS = '' } = process.env;
  const times = /^[1-9]\d*$/.test(LPV_REPEAT_TIMES) ? Number(LPV_REPEAT_TIMES) : undefined;
  if (times === undefined) throw new Error(`LPV_REPEAT_TIMES is ${LPV_REPEAT_TIMES}; write a number such as 10`);
  const options = LPV_REPEAT_OPTIONS.split(/\s+/).filter(Boolean);

  for (let round = 1; round <= times; round++) {
    const seed = String(randomInt(seedLimit));
    spec(`run ${round}, --seed ${seed}`, async (sandbox) => {
      const run = sandbox.start(['run', '--seed', seed, '--report', join(projectRoot, 'reports'), ...options]);
      await run.ended(longestRun);
      // The counts of each minor, failed specs, and infrastructure steps that were tried again.
      const facts = run.output.split('\n').filter((line) => /^ +(\d+ passed, |✗ )|attempt \d+ follows/.test(line));
      process.stdout.write(facts.map((line) => `${line}\n`).join(''));
      await run.endsWith('conforms', [], Number.POSITIVE_INFINITY);
    });
  }
});
