/**
 * Kills the harness with SIGKILL at random moments, cleans with `lpv clean`, and counts what is left on the machine and
 * on a cluster that stays. The moments follow from the seed, as far as the machine is as fast.
 *
 *   npm run test:kills -- --times 50 --seed 7
 *   npm run test:kills -- --times 5 --only image     only the victims with this in their names, such as image, own, --use
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { messageOf } from '../../../clusters/errors/domain-error.ts';
import { duration } from '../../../clusters/text/duration.ts';
import { seedLimit } from '../../../specs/runner/seed.ts';
import { listenForSignals } from '../../run/signals.ts';
import { differences } from '../../soak/leftovers.ts';
import { wilson } from '../../soak/statistics.ts';
import { percent } from '../../soak/tables.ts';
import { KeptCluster } from './kept-cluster.ts';
import { Sandbox } from './sandbox.ts';

/** What is killed, in turn. */
interface Victim {
  name: string;
  args: (sandbox: Sandbox) => readonly string[];
  /** What it says when it begins what could be left behind. */
  from: RegExp;
  /** Seconds after that, at the earliest and at the latest. */
  after: readonly [number, number];
}

/** Of those that use a cluster: it is made once. */
const use = '--use=kills';
const ofImage = ({ image }: Sandbox) => `--image=${image}`;
const victims: readonly Victim[] = [
  {
    name: 'run on its own cluster',
    args: (sandbox) => ['run', ofImage(sandbox)],
    from: /Reserving the name/,
    after: [0, 60],
  },
  {
    name: 'run --chapter block on its own cluster',
    args: (sandbox) => ['run', '--chapter=block', ofImage(sandbox)],
    from: /✓ LV-/,
    after: [0, 15],
  },
  { name: 'image --rebuild', args: () => ['image', '--rebuild'], from: /Getting the node image/, after: [0, 40] },
  {
    name: 'run --use --chapter block,fault',
    args: () => ['run', use, '--chapter=block,fault'],
    from: /Running \d+ specs/,
    after: [0, 30],
  },
  {
    name: 'run --use --chapter access,binding',
    args: () => ['run', use, '--chapter=access,binding'],
    from: /Noting how the cluster/,
    after: [0, 30],
  },
];

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Kills a victim once, and cleans; returns what is left then, a line each, and whether it was killed: it may have ended
 * before.
 */
async function kill(
  sandbox: Sandbox,
  { args, after, from }: Victim,
  part: number,
): Promise<{ left: string[]; wait: number; killed: boolean }> {
  const before = await sandbox.snapshot();
  const victim = sandbox.start(args(sandbox));
  const wait = 1000 * (after[0] + part * (after[1] - after[0]));
  // One that ends before is none that was killed.
  await victim.says(from).catch(() => {});
  await Promise.race([victim.ended(), new Promise((resolve) => setTimeout(resolve, wait).unref())]);
  victim.send('SIGKILL');
  const killed = (await victim.ended()).signal === 'SIGKILL';
  const clean = sandbox.start(['clean']);
  const { status } = await clean.ended();
  const left = differences(before, await sandbox.snapshot());
  if (status !== 0) left.push(`lpv clean ended with ${status}:`, ...clean.output.trimEnd().split('\n'));
  const cluster = await KeptCluster.find(sandbox, 'lpv-kills').catch(() => undefined);
  if (cluster) left.push(...(await cluster.damage().catch((error) => [messageOf(error)])));
  return { left, wait, killed };
}

async function storm(times: number, seed: number, chosen: readonly Victim[]): Promise<number> {
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  let sandbox: Sandbox | undefined;
  using signals = listenForSignals({
    interrupted: () => void sandbox?.clear(),
    say,
    cleanCommand: () => 'docker ps --all',
  });
  await using opened = await Sandbox.open(signals.signal);
  sandbox = opened;
  const needsCluster = chosen.some(({ args }) => args(opened).includes(use));
  const prepare = async () => {
    if (needsCluster) await opened.start(['up', '--name=kills', ofImage(opened)]).endsWith('conforms');
  };
  const next = numbersFrom(seed);
  const begun = performance.now();
  const leaks = new Map<string, number>();
  say(`${times} kills, --seed ${seed}`);
  await prepare();
  let done = 0;
  for (let turn = 0; done < times && turn < 2 * times && !signals.signal.aborted; turn++) {
    const victim = chosen[turn % chosen.length] as Victim;
    const { left, wait, killed } = await kill(opened, victim, next());
    if (signals.signal.aborted) break;
    if (killed) done++;
    const how = killed ? `${done}: ${victim.name}, killed after` : `${victim.name} had ended by itself within`;
    say(` ${left.length === 0 ? '✓' : '✗'} ${how} ${duration(wait)}`);
    if (left.length === 0) continue;
    leaks.set(victim.name, (leaks.get(victim.name) ?? 0) + 1);
    say(left.map((line) => `     ${line}`).join('\n'));
    // The next kill must start from a clean machine.
    await opened.clear();
    await prepare();
  }
  const bad = [...leaks.values()].reduce((sum, count) => sum + count, 0);
  say(`\n${done} kills in ${duration(performance.now() - begun)}: ${bad} left something behind`);
  for (const [name, count] of leaks) say(`  ${count} × ${name}`);
  if (done > 0) {
    const { low, high } = wilson(bad, done);
    say(
      `  share of kills that leave something: ${percent(bad / done)} (${percent(low)} to ${percent(high)}, 95 %, Wilson)`,
    );
  }
  return bad === 0 && done === times ? 0 : 1;
}

const { values } = parseArgs({
  options: { times: { type: 'string', default: '50' }, seed: { type: 'string' }, only: { type: 'string' } },
});
const chosen = victims.filter(({ name }) => name.includes(values.only ?? ''));
const [times, seed] = [Number(values.times), Number(values.seed ?? randomInt(seedLimit))];
if (![times, seed].every((value) => Number.isInteger(value) && value >= 0) || chosen.length === 0) {
  const names = victims.map(({ name }) => name).join(', ');
  process.stderr.write(`--times and --seed are whole numbers, --only is part of one of: ${names}\n`);
  process.exitCode = 2;
} else process.exitCode = await storm(times, seed, chosen);
