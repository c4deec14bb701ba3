import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ExitStatus, exitStatus } from '../../clusters/errors/exit-status.ts';
import { Engine, probeEngine } from '../../clusters/host/engine/engine.ts';
import { engineMissing } from '../../clusters/host/engine/engine-errors.ts';
import { writeAtomically } from '../../clusters/host/write-atomically.ts';
import { duration } from '../../clusters/text/duration.ts';
import { readReport } from '../report/model/report-file.ts';
import { worstOf } from '../run/matrix.ts';
import { timestamp } from '../run/run-identity.ts';
import { interruptSignals } from '../run/signals.ts';
import { type SoakedRun, soakFigures } from './figures.ts';
import { differences, type Snapshot, takeSnapshot } from './leftovers.ts';
import { figuresAsMarkdown, figuresAsText } from './tables.ts';
import { readMachineUse, watchProcess } from './usage.ts';

/** What is run several times. */
export interface SoakRequest {
  rounds: number;
  /** Each round runs on all of them, one after the other; undefined is the default one. */
  minors: readonly (string | undefined)[];
  /** Returns the seed of a round. */
  seedOf: (round: number) => number;
  /** Options of `lpv run` for every run. */
  options: readonly string[];
  /** Options of `lpv image` for every minor. */
  imageOptions: readonly string[];
  /** The folder in which the folder of all these runs is made. */
  reports: string;
  say: (line: string) => void;
}

const launcher = fileURLToPath(new URL('../lpv.js', import.meta.url));

/**
 * Runs `lpv run` round after round, each in a process of its own and on a new cluster, and writes soak.md and soak.json
 * after each: a run that fails does not stop the others. The container engine and the node images are there before the
 * first run, so that it takes no longer than the others. Returns the worst of the runs' exit statuses; what is left on
 * the machine is a fault of the environment.
 */
export async function soak(request: SoakRequest): Promise<ExitStatus> {
  const { rounds, minors, seedOf, reports, say } = request;
  using interruptions = passOnSignals();
  for (const minor of minors) {
    const status = await obtainImage(minor, request.imageOptions, interruptions);
    if (interruptions.came()) return 'interrupted';
    if (status !== 'conforms') return status;
  }
  const state = await probeEngine();
  if (state.kind !== 'answers') throw engineMissing(state, []);
  const folder = join(resolve(reports), `${timestamp(new Date())}-soak`);
  await mkdir(folder, { recursive: true });
  await using sight = await Sight.open(new Engine(state.facts));
  const runs: SoakedRun[] = [];
  const plan = Array.from({ length: rounds }, (_, index) => index + 1).flatMap((round) =>
    minors.map((minor) => ({ round, minor, seed: seedOf(round) })),
  );
  for (const planned of plan) {
    const run = await runOnce(request, planned, { folder, sight, interruptions });
    runs.push(run);
    say(lineOf(run, rounds));
    const figures = soakFigures(runs);
    writeAtomically(join(folder, 'soak.json'), `${JSON.stringify({ ...figures, each: runs }, null, 2)}\n`);
    writeAtomically(join(folder, 'soak.md'), figuresAsMarkdown(figures));
    // Wrong options are wrong in every run.
    if (run.exitStatus === 'interrupted' || run.exitStatus === 'badUsage' || interruptions.came()) break;
  }
  say(`\n   ${figuresAsText(soakFigures(runs))}\n\n   ${join(folder, 'soak.md')}`);
  const leaked = runs.some(({ leaks }) => leaks.length > 0);
  return worstOf([...runs.map((run) => run.exitStatus), ...(leaked ? (['environment'] as const) : [])]);
}

/** Starts or installs the container engine where none answers, and pulls or builds the node image of a minor. */
async function obtainImage(
  minor: string | undefined,
  options: readonly string[],
  interruptions: ReturnType<typeof passOnSignals>,
): Promise<ExitStatus> {
  const argv = [launcher, 'image', ...ofMinor(minor), ...options];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  interruptions.passOnTo(child);
  const [status] = (await once(child, 'close')) as [number | null];
  interruptions.passOnTo(undefined);
  return exitStatusOf(status);
}

const ofMinor = (minor: string | undefined) => (minor === undefined ? [] : ['--kubernetes', minor]);

/** Returns what a status of `lpv` means; one of a signal, or one that it does not have, is the environment's fault. */
function exitStatusOf(status: number | null): ExitStatus {
  return (Object.keys(exitStatus) as ExitStatus[]).find((each) => exitStatus[each] === status) ?? 'environment';
}

async function runOnce(
  { options }: SoakRequest,
  { round, minor, seed }: Pick<SoakedRun, 'round' | 'minor' | 'seed'>,
  around: { folder: string; sight: Sight; interruptions: ReturnType<typeof passOnSignals> },
): Promise<SoakedRun> {
  const name = [`run-${String(round).padStart(2, '0')}`, ...(minor === undefined ? [] : [minor])].join('-');
  const reports = join(around.folder, name);
  await mkdir(reports);
  const argv = [launcher, 'run', '--seed', String(seed), '--report', reports, ...ofMinor(minor), ...options];
  const begun = performance.now();
  // A process group of its own: else Ctrl-C would reach it twice.
  const child = spawn(process.execPath, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...around.sight.environment, NO_COLOR: '1', CI: 'true', GITHUB_ACTIONS: '' },
  });
  const log = createWriteStream(join(reports, 'output.log'));
  for (const output of [child.stdout, child.stderr]) output.pipe(log, { end: false });
  around.interruptions.passOnTo(child);
  using watched = watchProcess(child.pid ?? 0);
  const [status] = (await once(child, 'close')) as [number | null];
  around.interruptions.passOnTo(undefined);
  log.end();
  const [run] = (await readdir(reports, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const report = run && (await readReport(join(reports, run.name, 'report.yaml')).catch(() => undefined));
  return {
    round,
    minor,
    seed,
    exitStatus: around.interruptions.came() ? 'interrupted' : exitStatusOf(status),
    milliseconds: performance.now() - begun,
    report: run && join(reports, run.name),
    results: Object.fromEntries((report?.requirements ?? []).map(({ id, result }) => [id, result])),
    retries: report?.retries.length ?? 0,
    peak: watched.peak(),
    machine: await readMachineUse(),
    leaks: await around.sight.leaksOf(report?.run ?? run?.name.split('-').at(-1)),
  };
}

const words: Readonly<Record<Exclude<ExitStatus, 'conforms'>, string>> = {
  doesNotConform: 'does not conform',
  badUsage: 'wrong options',
  environment: 'not finished: the environment failed',
  interrupted: 'interrupted',
};

/** Returns ` ✓ run 3 of 20, Kubernetes 1.37, --seed 71: 322 passed, 0 failed, 5 min 2 s, 410 MiB, reports/…`. */
function lineOf({ round, minor, seed, exitStatus, results, milliseconds, peak, report, leaks }: SoakedRun, of: number) {
  const count = (result: string) => Object.values(results).filter((each) => each === result).length;
  const name = `run ${round} of ${of}${minor === undefined ? '' : `, Kubernetes ${minor}`}, --seed ${seed}`;
  const facts = [
    ...(exitStatus === 'conforms' ? [] : [words[exitStatus]]),
    `${count('passed')} passed, ${count('failed')} failed`,
    duration(milliseconds),
    `${Math.round(peak.memory / 2 ** 20)} MiB`,
    ...(report === undefined ? [] : [relative('.', report)]),
  ];
  const failed = Object.keys(results).filter((id) => results[id] === 'failed');
  const mark = exitStatus === 'conforms' && leaks.length === 0 ? '✓' : '✗';
  return [` ${mark} ${name}: ${facts.join(', ')}`, ...failed, ...leaks].join('\n     ');
}

/** Identifies the runs of this soak, and what they leave, among everything else on the machine. */
class Sight implements AsyncDisposable {
  /** Of every run. */
  readonly environment: Readonly<Record<'LPV_SOAK' | 'TMPDIR', string>>;
  readonly #engine: Engine;
  readonly #names: string[] = [];
  #before: Snapshot | undefined;

  private constructor(engine: Engine, temporary: string) {
    this.#engine = engine;
    this.environment = { LPV_SOAK: basename(temporary), TMPDIR: temporary };
  }

  static async open(engine: Engine): Promise<Sight> {
    const sight = new Sight(engine, await mkdtemp(join(tmpdir(), 'lpv-soak-')));
    sight.#before = await sight.#look();
    return sight;
  }

  /** Returns what is on the machine since the last look that a run brought, or the user's that it changed. */
  async leaksOf(run: string | undefined): Promise<string[]> {
    if (run !== undefined) this.#names.push(run);
    const now = await this.#look();
    const left = this.#before ? differences(this.#before, now) : [];
    this.#before = now;
    return left;
  }

  async #look(): Promise<Snapshot> {
    const { LPV_SOAK, TMPDIR } = this.environment;
    const snapshot = await takeSnapshot({
      engine: this.#engine,
      folders: [TMPDIR],
      kubeconfig: process.env.KUBECONFIG ?? '',
      mark: `LPV_SOAK=${LPV_SOAK}`,
      otherRuns: [],
      names: [TMPDIR, ...this.#names],
    });
    // The loader keeps there what it compiled.
    return { ...snapshot, files: snapshot.files.filter((path) => !path.startsWith(join(TMPDIR, 'tsx-'))) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.environment.TMPDIR, { recursive: true, force: true });
  }
}

/** Passes the signals that interrupt on to the run under way, which undoes what it began and ends. */
export function passOnSignals(source: Pick<NodeJS.Process, 'on' | 'off'> = process) {
  let target: { kill(signal: NodeJS.Signals): unknown } | undefined;
  let came = false;
  const listeners = interruptSignals.map((name) => {
    const listener = () => {
      came = true;
      target?.kill(name);
    };
    source.on(name, listener);
    return () => source.off(name, listener);
  });
  return {
    passOnTo: (child: typeof target) => {
      target = child;
    },
    /** Whether one came: a process that has just begun, or between two, cannot tell. */
    came: () => came,
    [Symbol.dispose]: () => {
      for (const off of listeners) off();
    },
  };
}
