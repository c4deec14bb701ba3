import { exitStatus } from '../clusters/errors/exit-status.ts';
import { main } from './main.ts';
import { ignoreEpipe } from './run/signals.ts';

ignoreEpipe();
const status = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
// A pipe takes 64 KiB at once: what is written last must have left before the process ends.
for (const stream of [process.stdout, process.stderr])
  await new Promise<void>((done) => stream.write('', () => done()));
// Not left to the event loop: a spec that was interrupted may still hold connections.
process.exit(exitStatus[status]);
