import { createInterface } from 'node:readline';
import { closeTestCluster } from '../../../specs/runner/test-cluster.ts';
import { measurePods } from './measure.ts';

// One cluster of trace-overhead.ts, which LPV_RUN_CONTEXT names: for each line of standard input, a pod in each binding
// mode; its seconds to Ready go to standard output, a line of JSON each time.
for await (const _line of createInterface({ input: process.stdin })) {
  const figures = await measurePods(1);
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
await closeTestCluster();
process.exit();
