import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { median } from '../../../clusters/text/collections.ts';
import { type ClusterFacts, clusterFacts } from '../../../specs/runner/test-cluster.ts';
import { readLogLines, verbosityFor } from '../../../specs/trace/log-lines.ts';
import { withVerbosity } from '../../../specs/trace/verbosity.ts';
import { performAll, undoAll } from '../../run/actions.ts';
import { type ClusterPlan, planCluster } from '../../run/cluster/plan.ts';
import { ClusterState } from '../../run/cluster/state.ts';
import { clusterSteps } from '../../run/cluster/steps.ts';
import { recordStep } from '../../run/record-step.ts';
import { beginSession } from '../../run/session.ts';
import { harnessFacts } from '../../run/surroundings.ts';
import type { Figure } from './figures.ts';

/** Pods of each kind; the two clusters take turns, so that both meet the same machine. */
const rounds = Number(process.env.LPV_BENCH_ROUNDS ?? 20);

/** What the trace may cost of a pod's start. */
const target = 1.05;

/** A cluster, and a process of its own that starts pods on it. */
class Bench implements AsyncDisposable {
  readonly #worker: ChildProcess;
  readonly #lines: Interface;
  readonly #end: () => Promise<void>;
  /** Rejects when the worker ends while pods are wanted; never resolves. */
  readonly #ended: Promise<never>;

  private constructor(worker: ChildProcess, end: () => Promise<void>) {
    this.#worker = worker;
    if (!worker.stdout) throw new Error('the worker has no standard output');
    this.#lines = createInterface({ input: worker.stdout });
    this.#end = end;
    this.#ended = once(worker, 'exit').then(([status]) => {
      throw new Error(`the process that starts pods has ended with status ${status}`);
    });
    this.#ended.catch(() => {});
  }

  static async open(plan: ClusterPlan, name: string): Promise<Bench> {
    const state = new ClusterState();
    const session = await beginSession({ verb: 'bench', reports: 'reports', name });
    const { target, events, journal, signal } = session;
    const steps = clusterSteps(plan, target, state).concat(
      recordStep({ target, state, plan, harness: await harnessFacts(), stays: false }),
    );
    const performance = await performAll(steps, { events, journal, signal });
    if (performance.outcome !== 'done') throw performance.error;
    const facts = join(target.folder, 'cluster-facts.json');
    await writeFile(facts, JSON.stringify(clusterFacts()), { mode: 0o600 });
    const argv = ['--import', 'tsx', import.meta.filename, 'worker', facts];
    const worker = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    return new Bench(worker, async () => {
      state.logsWanted = false;
      await undoAll(steps, { events, journal });
      await session.finish();
      await session[Symbol.asyncDispose]();
    });
  }

  /** Returns seconds to Ready of a pod in each binding mode. */
  async pods(): Promise<Figure[]> {
    this.#worker.stdin?.write('pod\n');
    const [line] = (await Promise.race([once(this.#lines, 'line'), this.#ended])) as [string];
    return JSON.parse(line) as Figure[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#worker.stdin?.end();
    if (this.#worker.exitCode === null) await once(this.#worker, 'exit');
    await this.#end();
  }
}

/** Measures how much the trace's verbosity slows the start of a pod, on two clusters that differ in nothing else. */
async function overhead(): Promise<void> {
  const plan = await planCluster({ image: 'auto', kubernetes: process.argv[2], install: true });
  const { lines } = (await readLogLines()).of(plan.minor.name);
  const document = withVerbosity(plan.configuration.document, verbosityFor(lines));
  const verbose = { ...plan, configuration: { ...plan.configuration, document } };
  await using plain = await Bench.open(plan, 'trace-off');
  await using traced = await Bench.open(verbose, 'trace-on');
  const seconds = new Map<string, { off: number[]; on: number[] }>();
  for (let round = 0; round < rounds; round++) {
    // The order alternates, as the second of a pair finds caches warm.
    const order = round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const);
    for (const which of order) {
      for (const { what, seconds: measured } of await (which === 'off' ? plain : traced).pods()) {
        const both = seconds.get(what) ?? { off: [], on: [] };
        both[which].push(...measured);
        seconds.set(what, both);
      }
    }
  }
  for (const [what, { off, on }] of seconds) {
    if (!what.startsWith('pod created')) continue;
    const ratios = on.map((one, index) => one / (off[index] ?? Number.NaN));
    const ratio = median(ratios);
    const sorted = ratios.toSorted((a, b) => a - b);
    const [low, high] = [0.25, 0.75].map((part) => sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN);
    process.stdout.write(
      `${what}: median ${median(off).toFixed(3)} s without, ${median(on).toFixed(3)} s with the trace’s verbosity ` +
        `(×${(median(on) / median(off)).toFixed(3)}); of ${ratios.length} pairs the median is ×${ratio.toFixed(3)}, ` +
        `the middle half ×${low?.toFixed(2)} to ×${high?.toFixed(2)}; ${ratio <= target ? 'within' : 'beyond'} ×${target}\n`,
    );
  }
}

/**
 * The process of one cluster, whose facts are in `file`. For each line of standard input it starts a pod in each
 * binding mode, and writes their figures to standard output, one line of JSON each time.
 */
async function work(file: string): Promise<void> {
  const { closeTestCluster, useCluster } = await import('../../../specs/runner/test-cluster.ts');
  const { measurePods } = await import('./measure.ts');
  useCluster(JSON.parse(await readFile(file, 'utf8')) as ClusterFacts);
  for await (const _line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await measurePods(1))}\n`);
  }
  await closeTestCluster();
}

await (process.argv[2] === 'worker' ? work(process.argv[3] ?? '') : overhead());
process.exit();
