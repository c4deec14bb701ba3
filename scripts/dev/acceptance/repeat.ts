/**
 * Runs everything several times in a row, each time on a new cluster and in another order; after each run the machine
 * must be as it was before. Stops at nothing, so that its last lines tell how often which run was green.
 *
 *   npm run test:repeat -- [TIMES] [OPTIONS OF lpv run]     ten times where no number is given
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { messageOf } from '../../../clusters/errors/domain-error.ts';
import { type ExitStatus, exitStatus } from '../../../clusters/errors/exit-status.ts';
import { projectRoot } from '../../../clusters/project-root.ts';
import { duration } from '../../../clusters/text/duration.ts';
import { seedLimit } from '../../../specs/runner/spec-order.ts';
import { ignoreEpipe } from '../../command-line/ignore-epipe.ts';
import { listenForSignals } from '../../run/signals.ts';
import { differences } from './leftovers.ts';
import { Stage } from './stage.ts';

ignoreEpipe();
const say = (line: string) => void process.stdout.write(`${line}\n`);
/** Milliseconds; a run on several minors is as many runs. */
const longestRun = 45 * 60_000;

async function repeat(times: number, options: readonly string[], signal: AbortSignal): Promise<ExitStatus> {
  await using stage = await Stage.open(signal);
  const lines: string[] = [];
  let green = 0;
  for (let round = 1; round <= times && !signal.aborted; round++) {
    const seed = String(randomInt(seedLimit));
    const before = await stage.snapshot();
    const begun = performance.now();
    const run = stage.start(['run', '--seed', seed, '--report', join(projectRoot, 'reports'), ...options]);
    signal.addEventListener('abort', () => run.send('SIGINT'), { once: true });
    const { status } = await run.ended(longestRun);
    const left = differences(before, await stage.snapshot());
    const each = Array.from(run.output.matchAll(/^ +(\d+ passed, .*)$/gm), ([, counts]) => counts);
    const counts = each.length > 0 ? each.join(' | ') : `no result: ${run.output.trimEnd().slice(-300)}`;
    const good = status === exitStatus.conforms && left.length === 0;
    if (good) green++;
    lines.push(`${good ? '✓' : '✗'} run ${round}, --seed ${seed}: ${counts} (${duration(performance.now() - begun)})`);
    say(lines.at(-1) ?? '');
    for (const line of left) say(`     left on the machine: ${line}`);
    for (const line of failuresIn(run.output)) say(`     ${line}`);
  }
  say(`${green} of ${lines.length} runs conform and leave nothing behind`);
  if (signal.aborted) return 'interrupted';
  return green === times ? 'conforms' : 'doesNotConform';
}

/** The lines of failed specs, and how often infrastructure was tried again. */
function failuresIn(output: string): string[] {
  return output.split('\n').filter((line) => /^ +✗ |attempt \d+ follows/.test(line));
}

const [first, ...rest] = process.argv.slice(2);
const times = first === undefined ? 10 : /^\d+$/.test(first) ? Number(first) : undefined;
const signals = listenForSignals({ interrupted: () => {}, say, cleanCommand: () => 'lpv clean' });
try {
  if (times === undefined || times < 1) {
    say(`${first} is no number of runs; write one such as 10`);
    process.exitCode = exitStatus.badUsage;
  } else process.exitCode = exitStatus[await repeat(times, rest, signals.signal)];
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = exitStatus.environment;
} finally {
  signals[Symbol.dispose]();
}
