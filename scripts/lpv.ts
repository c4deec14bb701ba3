import { readFile } from 'node:fs/promises';
import { exitStatus } from '../clusters/errors/exit-status.ts';
import { main } from './command-line/main.ts';
import { outliveReaders } from './command-line/outlive-readers.ts';

outliveReaders();

const status = await main(process.argv.slice(2), {
  environment: process.env,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  version: async () => {
    const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  },
  // Loaded one by one: a verb's help must not wait for the Kubernetes client.
  modules: {
    doctor: () => import('./verbs/doctor.ts'),
    image: () => import('./verbs/image.ts'),
    up: () => import('./verbs/up.ts'),
    run: () => import('./verbs/run.ts'),
    down: () => import('./verbs/down.ts'),
    clean: () => import('./verbs/clean.ts'),
    clusters: () => import('./verbs/clusters.ts'),
    list: () => import('./verbs/list.ts'),
    diff: () => import('./verbs/diff.ts'),
    trace: () => import('./verbs/trace.ts'),
  },
});
// Not left to the event loop: a spec that was interrupted may still hold connections.
process.exit(exitStatus[status]);
