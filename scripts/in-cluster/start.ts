import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import { exitStatus } from '../../clusters/errors/exit-status.ts';
import { redact } from '../../clusters/text/redact.ts';
import { ignoreEpipe, interruptSignals } from '../run/signals.ts';
import { runInPod } from './run-in-pod.ts';

// The entry point of the runner image.
ignoreEpipe();
// The kernel keeps a signal from the first process of a container that does not listen to it: a pod that is evicted before
// its run has begun would stay for its whole grace period. A run listens for itself, and undoes what it has begun.
for (const signal of interruptSignals)
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(exitStatus.interrupted);
  });
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
