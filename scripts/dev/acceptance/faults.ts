/**
 * Breaks the harness on this machine, with the real engine and real clusters, one fault after the other; after each
 * the machine must be as it was before. Nothing else should create clusters or containers meanwhile.
 *
 *   npm run test:faults -- [TEXT]     only the faults whose title has this text in it
 */
import { availableParallelism } from 'node:os';
import { DomainError, messageOf } from '../../../clusters/errors/domain-error.ts';
import { type ExitStatus, exitStatus } from '../../../clusters/errors/exit-status.ts';
import { duration } from '../../../clusters/text/duration.ts';
import { ignoreEpipe } from '../../command-line/ignore-epipe.ts';
import { countsInWords } from '../../report/model/summary.ts';
import { listenForSignals } from '../../run/signals.ts';
import { type Fault, faults } from './fault-cases.ts';
import { differences } from './leftovers.ts';
import { Stage } from './stage.ts';

ignoreEpipe();
const say = (line: string) => void process.stdout.write(`${line}\n`);

async function proveFaults(text: string, signal: AbortSignal): Promise<ExitStatus> {
  const chosen = faults.filter(({ title }) => title.includes(text));
  if (chosen.length === 0) {
    const seen = `the faults are:\n${faults.map(({ title }) => title).join('\n')}`;
    throw new DomainError({ attempted: `choosing faults with ${text} in their title`, seen }, { exit: 'badUsage' });
  }
  await using stage = await Stage.open(signal);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const fault of chosen) {
    if (signal.aborted) break;
    const { title, cpus = 1 } = fault;
    if (text === '' && availableParallelism() < cpus) {
      counts.skipped++;
      say(` - ${title}: skipped: it wants ${cpus} processors, or its name as argument`);
      continue;
    }
    const begun = performance.now();
    const wrong = await outcomeOf(fault, stage, signal);
    counts[wrong === undefined ? 'passed' : 'failed']++;
    say(` ${wrong === undefined ? '✓' : '✗'} ${title} (${duration(performance.now() - begun)})`);
    if (wrong !== undefined) say(wrong.replace(/^(?=.)/gm, '     '));
  }
  say(countsInWords(counts));
  if (signal.aborted) return 'interrupted';
  return counts.failed === 0 ? 'conforms' : 'doesNotConform';
}

/** Undefined where the fault was survived and the machine is as it was before; else what was wrong. */
async function outcomeOf(fault: Fault, stage: Stage, signal: AbortSignal): Promise<string | undefined> {
  const before = await stage.snapshot();
  const stop = () => void stage.clear();
  signal.addEventListener('abort', stop, { once: true });
  const failure = await fault.perform(stage).then(() => undefined, messageOf);
  signal.removeEventListener('abort', stop);
  await stage.removeForeign();
  const left = differences(before, await stage.snapshot());
  if (failure === undefined && left.length === 0) return undefined;
  // The next fault shall not suffer from this one.
  const cleared = left.length > 0 ? await stage.clear() : '';
  return [failure, left.length > 0 && `left on the machine:\n${left.join('\n')}`, cleared].filter(Boolean).join('\n');
}

const signals = listenForSignals({ interrupted: () => {}, say, cleanCommand: () => 'docker ps --all' });
try {
  process.exitCode = exitStatus[await proveFaults(process.argv.slice(2).join(' '), signals.signal)];
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  const status = error instanceof DomainError ? error.exit : 'environment';
  process.exitCode = exitStatus[signals.signal.aborted ? 'interrupted' : status];
} finally {
  signals[Symbol.dispose]();
}
