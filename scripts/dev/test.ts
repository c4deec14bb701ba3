/**
 * `npm test` (every check, then the specs), `npm run check -- [NAME…]` (checks only) and `npm run test:matrix` (the
 * specs on every minor that can be built). Options are those of `lpv run`. The last line sums everything up; the exit
 * status is that of the first part that failed.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { readVersions } from '../../clusters/configuration/versions.ts';
import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import { type ExitStatus, exitStatus } from '../../clusters/errors/exit-status.ts';
import { duration } from '../../clusters/text/duration.ts';
import { nearest } from '../../clusters/text/nearest.ts';
import { BadUsage } from '../command-line/verb.ts';
import { eraseLine } from '../report/formats/live-line.ts';
import { terminalCapabilities } from '../report/formats/terminal.ts';
import { type Counts, countsInWords } from '../report/model/counts.ts';
import type { ChecksEnded } from '../run/awaited-checks.ts';
import { Interruption, type InterruptSignal, ignoreEpipe, interruptSignals } from '../run/signals.ts';
import { readRunOptions } from '../verbs/run.ts';
import { checks, type Outcome, runCheck } from './checks.ts';
import { createsAtOnce, runSpecs } from './run-specs.ts';

/** Performs the parts of a test run, writes a line on each that has ended, and sums them up. */
export class TestRun {
  readonly #counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  readonly #write: (line: string) => void;
  readonly #colors: ReturnType<typeof pc.createColors>;
  #firstFailure: ExitStatus | undefined;

  constructor(write: (line: string) => void, color: boolean) {
    this.#write = write;
    this.#colors = pc.createColors(color);
  }

  get failed(): boolean {
    return this.#firstFailure !== undefined;
  }

  /** Performs a part and counts it. What it throws is its failure; a part that the signal cut short says nothing. */
  async perform(title: string, run: () => Promise<Outcome>, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    const begun = performance.now();
    const thrown = (error: unknown): Outcome => ({ kind: 'failed', exit: 'environment', output: messageOf(error) });
    const outcome = await run().catch(thrown);
    if (signal?.aborted) return;
    const { green, red, yellow } = this.#colors;
    const one: Counts = { passed: 0, failed: 0, skipped: 0, [outcome.kind]: 1 };
    const counted = 'counts' in outcome ? outcome.counts : undefined;
    for (const key of ['passed', 'failed', 'skipped'] as const) this.#counts[key] += (counted ?? one)[key];
    if (outcome.kind === 'skipped') return this.#write(` ${yellow('-')} ${title}: skipped: ${outcome.reason}`);
    const facts = [...(counted ? [countsInWords(counted)] : []), duration(performance.now() - begun)].join(', ');
    this.#write(` ${outcome.kind === 'passed' ? green('✓') : red('✗')} ${title} (${facts})`);
    if (outcome.kind === 'passed') return;
    this.#firstFailure ??= outcome.exit ?? 'doesNotConform';
    if (outcome.output) this.#write(outcome.output.trimEnd().replace(/^(?=.)/gm, '   '));
  }

  /** Writes the line that sums everything up; returns the exit status of the first part that failed. */
  finish(signal: AbortSignal): ExitStatus {
    this.#write(countsInWords(this.#counts));
    return signal.aborted ? 'interrupted' : (this.#firstFailure ?? 'conforms');
  }
}

const names = Object.keys(checks);

/**
 * Returns the checks that a command line asks for, and the arguments of `lpv` where it asks for specs, too.
 * @throws DomainError (badUsage)
 */
export function planTests(
  [first, ...rest]: readonly string[],
  minors: readonly { name: string; built?: unknown }[],
): { checks: readonly string[]; specs?: { title: string; argv: readonly string[] } } {
  if (first === 'check') {
    const unknown = rest.find((name) => !names.includes(name));
    if (unknown === undefined)
      return { checks: rest.length === 0 ? names : names.filter((name) => rest.includes(name)) };
    const meant = nearest(unknown, names);
    const hint = meant === undefined ? `checks are ${names.join(', ')}` : `did you mean ${meant}?`;
    const seen = `${unknown} is no check; ${hint}`;
    throw new DomainError({ attempted: 'understanding the command line', seen }, { exit: 'badUsage' });
  }
  const built = minors.filter((minor) => minor.built !== undefined).map(({ name }) => name);
  const all = built.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).join(',');
  const argv = [
    'run',
    ...(first === 'matrix' ? [...rest, '--kubernetes', all] : first === undefined ? [] : [first, ...rest]),
  ];
  if (['--list', '--dry-run', '--help', '-h'].some((option) => argv.includes(option)))
    throw new BadUsage(argv, 'a test run proves something; for this, use npm run lpv --', 'run');
  const of = readRunOptions(argv.slice(1)).kubernetes?.join(' and ');
  return { checks: names, specs: { title: `specs on a cluster${of ? ` of Kubernetes ${of}` : ''}`, argv } };
}

/** Signals that interrupt, as a signal for the checks; each one also goes to the process that `passOnTo` was given. */
export function listen(source: Pick<NodeJS.EventEmitter, 'on' | 'off'>) {
  const controller = new AbortController();
  let target: { kill(signal: InterruptSignal): unknown } | undefined;
  const listeners = interruptSignals.map((name) => {
    const listener = () => {
      controller.abort(new Interruption(name));
      target?.kill(name);
    };
    source.on(name, listener);
    return () => source.off(name, listener);
  });
  return {
    signal: controller.signal,
    passOnTo: (child: typeof target) => {
      target = child;
    },
    [Symbol.dispose]: () => {
      for (const off of listeners) off();
    },
  };
}

/** Works on each thing in its turn, on as many at a time as there are lanes. */
export async function sideBySide<T>(things: readonly T[], lanes: number, work: (thing: T) => Promise<void>) {
  // All lanes take from the same iterator.
  const waiting = things.values();
  const lane = async () => {
    for (const thing of waiting) await work(thing);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** A part of a test run. */
interface Part {
  title: string;
  run: () => Promise<Outcome>;
}

/** What a test run consists of. */
interface Parts {
  /** Those that tell within seconds that a tree is broken. */
  telling: readonly Part[];
  others: readonly Part[];
  specs?: {
    title: string;
    createsAtOnce: () => Promise<boolean>;
    run: (checks: Promise<ChecksEnded> | undefined) => Promise<Outcome>;
  };
}

/**
 * Performs all parts. The cluster is created beside the longer checks, where nothing has to be got for it. No spec begins
 * before all checks have passed: a cluster says little about a tree that fails its own checks, and specs beside them
 * would share their processors.
 */
export async function performAll({ telling, others, specs }: Parts, run: TestRun, signal: AbortSignal): Promise<void> {
  const perform = (parts: readonly Part[]) =>
    sideBySide(parts, availableParallelism(), (part) => run.perform(part.title, part.run, signal));
  await perform(telling);
  const beside = specs && !run.failed && !signal.aborted && (await specs.createsAtOnce());
  const rest = perform(others);
  if (!beside) await rest;
  const ended = rest.then((): ChecksEnded => ({ checks: run.failed ? 'failed' : 'passed' }));
  const skipped: Outcome = { kind: 'skipped', reason: 'a check failed' };
  if (specs && !signal.aborted) {
    await run.perform(specs.title, async () => {
      if (run.failed) return skipped;
      const outcome = await specs.run(beside ? ended : undefined);
      return (await ended).checks === 'failed' ? skipped : outcome;
    });
  }
  await rest;
}

/** Runs what the command line asks for. */
export async function test(argv: readonly string[]): Promise<ExitStatus> {
  const versions = await readVersions();
  const plan = planTests(argv, versions.minors);
  using interruptions = listen(process);
  const { signal, passOnTo } = interruptions;
  const { live, color } = terminalCapabilities(process.stdout, process.env);
  // A run beside the checks may have left a line that it is going to write again.
  const write = (line: string) => void process.stdout.write(`${live ? eraseLine : ''}${line}\n`);
  const run = new TestRun(write, color);
  const isTelling = (name: string) => ['types', 'style'].includes(name);
  const partsOf = (names: readonly string[]) =>
    names.flatMap((name): Part[] => {
      const check = checks[name];
      return check ? [{ title: check.title, run: () => runCheck(check, signal) }] : [];
    });
  const { specs } = plan;
  const lpv = [process.execPath, join(import.meta.dirname, '..', 'lpv.js'), ...(specs?.argv ?? [])];
  const parts = {
    telling: partsOf(plan.checks.filter(isTelling)),
    others: partsOf(plan.checks.filter((name) => !isTelling(name))),
    ...(specs && {
      specs: {
        title: specs.title,
        createsAtOnce: () => createsAtOnce(specs.argv, versions),
        run: (ended: Promise<ChecksEnded> | undefined) => {
          write(` • ${specs.title}`);
          return runSpecs(lpv, passOnTo, ended);
        },
      },
    }),
  };
  await performAll(parts, run, signal);
  return run.finish(signal);
}

/** Runs the test run of a command line and sets the exit status of this process. */
export async function main(argv: readonly string[]): Promise<void> {
  ignoreEpipe();
  try {
    process.exitCode = exitStatus[await test(argv)];
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = exitStatus[error instanceof DomainError ? error.exit : 'environment'];
  }
}
