/**
 * `npm run bench -- --processors [options of lpv run]`: a run, and a table of what used the processors meanwhile.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setInterval as every } from 'node:timers/promises';
import type { ExitStatus } from '../../../clusters/errors/exit-status.ts';
import { projectRoot } from '../../../clusters/project-root.ts';
import { timestamp } from '../../run/run-identity.ts';
import { readCpuTime } from '../../run/surroundings.ts';
import { readRunOptions } from '../../verbs/run.ts';
import { runSpecs } from '../run-specs.ts';
import { listen } from '../test.ts';

/** What a process is part of, by the name of its program where that tells it. */
const programs: ReadonlyMap<string, string> = new Map([
  ['kube-apiserver', 'kube-apiserver'],
  ['etcd', 'etcd'],
  // The kernel keeps fifteen letters.
  ['kube-controller', 'kube-controller-manager'],
  ['kube-scheduler', 'kube-scheduler'],
  ['kubelet', 'kubelets'],
  ['containerd', 'containerd of the nodes'],
  ['containerd-shim', "containerd's shims"],
  ['systemd', 'systemd and its journal'],
  ['systemd-journal', 'systemd and its journal'],
]);

const harness = 'harness (Node.js)';
const engine = 'container engine';
/** What begins and ends between two looks, as most runc, shells and mount programs do. */
const short = 'programs that end within a second or two';

/** The processor time of a process so far, in hundredths of a second. */
export interface ProcessTime {
  /** Tells it from a later process with the same number. */
  key: string;
  component: string;
  ticks: number;
}

/**
 * Returns the processor time of a process, from its /proc/PID/stat and /proc/PID/cgroup; undefined for a process that has
 * to do with no cluster. `main` is the process that runs the specs. (Source: proc(5), cgroups(7))
 */
export function processTime(stat: string, cgroup: string, main: number): ProcessTime | undefined {
  const [, pid = '', name = '', rest = ''] = /^(\d+) \((.*)\) (.*)$/s.exec(stat) ?? [];
  const fields = rest.trim().split(' ');
  const [user, system, started] = [fields[11], fields[12], fields[19]];
  // kind's nodes are containers, whose cgroups the engine names by their ids.
  const onNode = /[/-][0-9a-f]{64}/.test(cgroup);
  const component = onNode ? onNodes(name, cgroup) : Number(pid) === main ? harness : ofEngine(name);
  if (component === undefined || started === undefined) return undefined;
  return { key: `${pid}@${started}`, component, ticks: Number(user) + Number(system) };
}

function onNodes(name: string, cgroup: string): string {
  return programs.get(name) ?? (cgroup.includes('kubepods') ? 'pods of specs' : short);
}

function ofEngine(name: string): string | undefined {
  return /^(dockerd|containerd|containerd-shim|docker|docker-proxy)$/.test(name) ? engine : undefined;
}

/** Adds up the processor time of components from looks at /proc, also of processes that have ended since. */
export class ProcessorTimes {
  readonly #last = new Map<string, number>();
  readonly #ticks = new Map<string, number>();

  /** Adds what processes have used since the last look. At the first, only what is used from then on counts. */
  add(processes: readonly ProcessTime[], first = false): void {
    for (const { key, component, ticks } of processes) {
      const before = first ? ticks : (this.#last.get(key) ?? 0);
      this.#ticks.set(component, (this.#ticks.get(component) ?? 0) + ticks - before);
      this.#last.set(key, ticks);
    }
  }

  /**
   * Returns the seconds of each component, the greatest first; `busy` are those of all processors. What no look has seen
   * is short programs.
   */
  seconds(busy: number): [component: string, seconds: number][] {
    const seen = new Map([...this.#ticks].map(([component, ticks]) => [component, ticks / 100]));
    const rest = busy - [...seen.values()].reduce((sum, seconds) => sum + seconds, 0);
    seen.set(short, (seen.get(short) ?? 0) + Math.max(0, rest));
    return [...seen].toSorted(([, a], [, b]) => b - a);
  }
}

/** Runs `lpv run` with these arguments, prints which component used the processors, and keeps that below `reports`. */
export async function benchProcessors(argv: readonly string[]): Promise<ExitStatus> {
  readRunOptions(argv);
  using interruptions = listen(process);
  const { signal, passOnTo } = interruptions;
  let main = 0;
  const begun = performance.now();
  const run = runSpecs([process.execPath, join(projectRoot, 'scripts', 'lpv.js'), 'run', ...argv], (child) => {
    main = child?.pid ?? main;
    passOnTo(child);
  });
  const times = await measureProcessors(main, run);
  const outcome = await run;
  const text = processorsAsText(times, (performance.now() - begun) / 1000);
  process.stdout.write(`\n${text}\n`);
  await mkdir('reports', { recursive: true });
  const file = join('reports', `${timestamp(new Date())}-processors.json`);
  await writeFile(file, `${JSON.stringify({ argv, seconds: Object.fromEntries(times) }, null, 2)}\n`);
  if (signal.aborted) return 'interrupted';
  return outcome.kind === 'failed' ? (outcome.exit ?? 'doesNotConform') : 'conforms';
}

/** Returns a table of what used the processors in so many seconds. */
export function processorsAsText(times: readonly (readonly [string, number])[], seconds: number): string {
  const all = times.reduce((sum, [, used]) => sum + used, 0);
  const lines = times.map(([component, used]) => {
    const share = `${((100 * used) / all).toFixed(0)} %`.padStart(6);
    return `${used.toFixed(1).padStart(8)} s${share}  ${component}`;
  });
  return [...lines, `${all.toFixed(1).padStart(8)} s of processors in ${seconds.toFixed(0)} s`].join('\n');
}

/**
 * Returns the seconds of processors that each component uses until `work` ends, whose process is `main`. The machine must
 * do nothing else: what is not of a cluster counts as short programs.
 */
async function measureProcessors(main: number, work: Promise<unknown>): Promise<[string, number][]> {
  const times = new ProcessorTimes();
  const ended = new AbortController();
  const end = () => ended.abort();
  void work.then(end, end);
  const begun = await readCpuTime();
  times.add(await readProcesses(main), true);
  try {
    for await (const _ of every(1000, undefined, { signal: ended.signal })) times.add(await readProcesses(main));
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
  const now = await readCpuTime();
  return times.seconds(begun && now ? (now.busy - begun.busy) / 100 : Number.NaN);
}

async function readProcesses(main: number): Promise<ProcessTime[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = pids.map(async (pid) => {
    try {
      const read = (name: string) => readFile(join('/proc', pid, name), 'utf8');
      return processTime(await read('stat'), await read('cgroup'), main);
    } catch {
      // It has ended meanwhile.
      return undefined;
    }
  });
  return (await Promise.all(found)).filter((time) => time !== undefined);
}
