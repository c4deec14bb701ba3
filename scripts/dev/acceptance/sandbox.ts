import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { kindLabel } from '../../../clusters/cluster.ts';
import { readVersions } from '../../../clusters/configuration/versions.ts';
import { DomainError, messageOf } from '../../../clusters/errors/domain-error.ts';
import { run } from '../../../clusters/host/command/commander.ts';
import { host } from '../../../clusters/host/command/host.ts';
import { Engine, probeEngine } from '../../../clusters/host/engine/engine.ts';
import { engineMissing } from '../../../clusters/host/engine/engine-errors.ts';
import { presentNodeImage } from '../../../clusters/host/node-image/acquire.ts';
import { cacheFolder } from '../../run/cluster/plan.ts';
import { livenessOf, markAsOurs, ownerOf } from '../../run/process-identity.ts';
import { Registry } from '../../run/registry.ts';
import { listenForSignals } from '../../run/signals.ts';
import { below, differences, type Snapshot, takeSnapshot } from '../../soak/leftovers.ts';
import { HarnessProcess, isShared } from './harness-process.ts';

/** What a start of the harness gets besides the sandbox's own environment. */
export interface StartOptions {
  /** Where it is started; by default the sandbox's own folder for that. */
  directory?: string;
  env?: Readonly<Record<string, string>>;
  /** A folder whose programs come before those on PATH. */
  programs?: string;
}

/** How the folders of sandboxes begin, among the temporary files. */
const folderPrefix = 'lpv-sandbox-';
/** In such a folder: the process that has it. */
const ownerFile = 'owner.json';

/**
 * A place to break the harness in: a folder of its own for reports, temporary files and the registry of runs. The
 * user's own runs are neither seen nor cleaned. Disposing it removes everything that a failed case has left.
 */
export class Sandbox implements AsyncDisposable {
  readonly folder: string;
  readonly engine: Engine;
  /** A node image that the engine has: no case has to wait for one. */
  readonly image: string;
  /** The engine's socket. */
  readonly socket: string;
  readonly #otherRuns: readonly string[];
  readonly #running = new Set<HarnessProcess>();
  readonly #foreign = new Set<() => Promise<unknown>>();
  /** Ids of the runs and names of the clusters that the sandbox's processes have begun, as far as they are known. */
  readonly #names = new Set<string>();

  private constructor(given: Pick<Sandbox, 'folder' | 'engine' | 'image' | 'socket'>, otherRuns: readonly string[]) {
    this.folder = given.folder;
    this.engine = given.engine;
    this.image = given.image;
    this.socket = given.socket;
    this.#otherRuns = otherRuns;
  }

  static async open(signal: AbortSignal): Promise<Sandbox> {
    const state = await probeEngine(signal);
    if (state.kind !== 'answers') throw engineMissing(state, []);
    const engine = new Engine(state.facts);
    const image = await presentImage(engine, signal);
    const address = await engine.run(['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'], { signal });
    const socket = (process.env.DOCKER_HOST || address.stdout.trim()).replace(/^unix:\/\//, '');
    const otherRuns = (await new Registry().entries()).map((entry) => entry.run);
    const given = { engine, image, socket };
    // The only record of their clusters is in their folders.
    for (const folder of await abandoned()) await new Sandbox({ folder, ...given }, otherRuns)[Symbol.asyncDispose]();
    const folder = await mkdtemp(join(tmpdir(), folderPrefix));
    await markAsOurs(join(folder, ownerFile));
    for (const name of ['work', 'temporary', 'programs', 'user']) await mkdir(join(folder, name));
    // No kubeconfig at all, so that a harness that reads it fails.
    await writeFile(join(folder, 'user', 'kubeconfig'), 'of the user\n');
    return new Sandbox({ folder, ...given }, otherRuns);
  }

  /** Where the harness is started: reports appear below it. */
  get work(): string {
    return join(this.folder, 'work');
  }

  /** Value of LPV_STATE_HOME: the registry of runs is below it. */
  get state(): string {
    return join(this.folder, 'state');
  }

  /** Starts `lpv ARGS`. */
  start(args: readonly string[], { directory = this.work, env = {}, programs }: StartOptions = {}): HarnessProcess {
    const path = [...(programs === undefined ? [] : [programs]), process.env.PATH].join(delimiter);
    const started = new HarnessProcess(args, {
      directory,
      env: { ...process.env, ...this.#environment(), PATH: path, ...env },
    });
    this.#running.add(started);
    return started;
  }

  /** Writes a program that is found before those on PATH; returns its folder. */
  async program(name: string, script: string): Promise<string> {
    const folder = join(this.folder, 'programs', name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name), script);
    await chmod(join(folder, name), 0o755);
    return folder;
  }

  /** Creates something with `docker ARGS` that is not the harness's; `undo` removes it when the case is over. */
  async make(args: readonly string[], undo: readonly string[]): Promise<string> {
    const made = (await this.engine.run(args)).stdout.trim();
    // Not before: what has the name already is not removed.
    this.#foreign.add(() => this.engine.attempt(undo));
    return made;
  }

  /** Mounts a file system of its own with room for that many bytes; returns its folder. Needs root. */
  async smallDisk(bytes: number): Promise<string> {
    const folder = await mkdtemp(join(this.folder, 'small-disk-'));
    await run(host, { argv: ['mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'small', folder], deadline: 10_000 });
    this.#foreign.add(() => host.attempt({ argv: ['umount', folder], deadline: 10_000 }));
    return folder;
  }

  /** Removes what {@link make} and {@link smallDisk} made, the last first. */
  async removeForeign(): Promise<void> {
    for (const undo of [...this.#foreign].toReversed()) await undo();
    this.#foreign.clear();
  }

  /** Waits until the engine has created a container of that cluster: no output shows this moment. */
  async containerCreated(cluster: string, deadline = 120_000): Promise<void> {
    const filters = [`label=${kindLabel(cluster)}`, 'type=container', 'event=create'];
    const events = spawn('docker', ['events', '--format', '{{.Action}}', ...filters.flatMap((f) => ['--filter', f])], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const timer = setTimeout(() => events.kill(), deadline);
    try {
      for await (const line of createInterface(events.stdout)) if (line.startsWith('create')) return;
      throw new DomainError({
        attempted: `waiting for a container of ${cluster}`,
        seen: `none in ${deadline / 1000} s`,
      });
    } finally {
      clearTimeout(timer);
      events.kill();
    }
  }

  /** Returns what is on this machine now. Reports are meant to stay, so they are no leftovers; kubeconfigs in them are. */
  async snapshot(): Promise<Snapshot> {
    const folders = [this.state, join(this.folder, 'temporary'), join(this.work, 'reports')];
    await this.#learnNames(folders);
    const snapshot = await takeSnapshot({
      engine: this.engine,
      folders,
      // Others make clusters meanwhile: only what bears our names counts as left behind.
      names: isShared ? [this.folder, ...this.#names] : undefined,
      kubeconfig: this.#environment().KUBECONFIG,
      mark: `LPV_STATE_HOME=${this.#environment().LPV_STATE_HOME}`,
      otherRuns: this.#otherRuns,
    });
    const meantToStay = (path: string) =>
      // tsx keeps what it compiled.
      path.startsWith(join(this.folder, 'temporary', 'tsx-')) ||
      (path.startsWith(join(this.work, 'reports')) && !/\/kubeconfig(\.lock)?$|\.new$/.test(path));
    return { ...snapshot, files: snapshot.files.filter((path) => !meantToStay(path)) };
  }

  /** Ends what still runs and removes what is left of it, by the harness's own means. Returns what that wrote. */
  async clear(): Promise<string> {
    for (const started of this.#running) started.send('SIGKILL');
    this.#running.clear();
    await this.removeForeign();
    const outputs: string[] = [];
    for (const args of [['clean'], ['down', '--all', '--force']]) {
      const cleaning = this.start(args);
      await cleaning.ended();
      outputs.push(cleaning.output);
    }
    this.#running.clear();
    return outputs.join('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clear();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Reads what the runs of this sandbox are called, from their journals and the registry. */
  async #learnNames(folders: readonly string[]): Promise<void> {
    for (const file of (await Promise.all(folders.map(below))).flat()) {
      if (!file.endsWith('/run.json') && !(file.startsWith(this.state) && file.endsWith('.json'))) continue;
      const record = await readFile(file, 'utf8').then(JSON.parse, () => ({}));
      for (const name of [record.run, record.cluster]) if (typeof name === 'string') this.#names.add(name);
    }
  }

  #environment() {
    return {
      LPV_STATE_HOME: this.state,
      LPV_CACHE_HOME: dirname(cacheFolder(process.env)),
      TMPDIR: join(this.folder, 'temporary'),
      // A user's: the harness must neither read nor write it.
      KUBECONFIG: join(this.folder, 'user', 'kubeconfig'),
      CI: 'true',
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      GITHUB_ACTIONS: '',
    };
  }
}

/** Returns folders of sandboxes whose process was killed before it could clear them. */
async function abandoned(): Promise<string[]> {
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith(folderPrefix));
  const dead = folders.map(async (name) => {
    const folder = join(tmpdir(), name);
    // One that is being made has no owner yet, and one of another user cannot be read.
    const owner = await ownerOf(join(folder, ownerFile));
    return owner && livenessOf(owner) === 'dead' ? [folder] : [];
  });
  return (await Promise.all(dead)).flat();
}

export async function presentImage(engine: Engine, signal: AbortSignal): Promise<string> {
  const versions = await readVersions();
  const minor = versions.minor();
  const present = await presentNodeImage({ wish: { kind: 'auto' }, minor, versions, engine, signal });
  if (present !== undefined) return present;
  throw new DomainError({
    attempted: 'looking for a node image to break clusters with',
    seen: `none of Kubernetes ${minor.name} is here, neither published nor built`,
    remedy: 'npm run lpv -- image',
  });
}

/**
 * Opens a sandbox before the specs of this suite, prepares it where asked to, and ends it after them. Returns what
 * declares a spec by its title and its work in the sandbox: the machine must be as before when it is over. A signal ends
 * the work that goes on, and the specs after it are skipped.
 */
export function inSandbox(
  prepare?: (sandbox: Sandbox) => Promise<void>,
): (title: string, work: (sandbox: Sandbox) => Promise<void>) => void {
  let sandbox: Sandbox | undefined;
  let signals: ReturnType<typeof listenForSignals> | undefined;
  let first: Snapshot | undefined;
  before(async () => {
    const interrupted = () => void sandbox?.clear();
    const say = (line: string) => void process.stdout.write(`${line}\n`);
    signals = listenForSignals({ interrupted, say, cleanCommand: () => 'docker ps --all' });
    sandbox = await Sandbox.open(signals.signal);
    first = await sandbox.snapshot();
    await prepare?.(sandbox);
  });
  after(async () => {
    const cleared = await sandbox?.clear();
    const left = sandbox && first ? differences(first, await sandbox.snapshot()) : [];
    await sandbox?.[Symbol.asyncDispose]();
    signals?.[Symbol.dispose]();
    if (left.length > 0) throw new Error(`left on the machine:\n${left.join('\n')}\n${cleared}`);
  });
  return (title, work) => {
    it(title, async function () {
      if (sandbox === undefined || signals?.signal.aborted) return this.skip();
      const snapshot = await sandbox.snapshot();
      const failure = await work(sandbox).then(() => undefined, messageOf);
      await sandbox.removeForeign();
      const left = differences(snapshot, await sandbox.snapshot());
      if (failure === undefined && left.length === 0) return;
      const seen = [failure, left.length > 0 && `left on the machine:\n${left.join('\n')}`].filter(Boolean).join('\n');
      // At once, as mocha shows errors at the end of all, which may never come.
      process.stdout.write(`${seen}\n`);
      // The next spec must start from a clean machine.
      const cleared = left.length > 0 || prepare ? await sandbox.clear() : '';
      if (!signals?.signal.aborted) await prepare?.(sandbox);
      throw new Error(`${seen}\n${cleared}`);
    });
  };
}
