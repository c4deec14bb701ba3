import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import { exitStatus } from '../../clusters/errors/exit-status.ts';
import { redact } from '../../clusters/text/redact.ts';
import { ignoreEpipe } from '../run/signals.ts';
import { runInPod } from './run-in-pod.ts';

// The entry point of the runner image.
ignoreEpipe();
try {
  process.exitCode = exitStatus[await runInPod(process.env, process.argv.slice(2))];
} catch (error) {
  process.stderr.write(`${redact(messageOf(error))}\n`);
  process.exitCode = exitStatus[error instanceof DomainError ? error.exit : 'environment'];
}
for (const stream of [process.stdout, process.stderr])
  await new Promise<void>((done) => stream.write('', () => done()));
// Not left to the event loop: a spec that was interrupted may still hold connections.
process.exit();
