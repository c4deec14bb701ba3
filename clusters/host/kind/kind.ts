import { hash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Versions } from '../../configuration/versions.ts';
import { DomainError, messageOf } from '../../errors/domain-error.ts';
import type { Progress } from '../../text/progress.ts';
import { redact } from '../../text/redact.ts';
import { type Commander, CommandFailed, run } from '../command/commander.ts';
import { host } from '../command/host.ts';
import { inotifyRemedy } from '../machine/inotify.ts';
import { canSeeProcesses, endCreation } from './creation.ts';

/** The pin of kind: the part `kind` of versions.yaml. */
export type KindPin = Versions['kind'];

/** A kind program of the pinned minor version. */
export interface KindProgram {
  path: string;
  /** Such as v0.33.0. */
  version: string;
  origin: 'PATH' | 'private copy';
}

/**
 * Returns the version in the output of `kind version`, such as "kind v0.33.0 go1.26 linux/amd64"; undefined if there is
 * none.
 */
export function readKindVersion(output: string): string | undefined {
  return /\bv?(\d+\.\d+\.\d+[^\s]*)/.exec(output)?.[1];
}

/**
 * Returns whether a version has the pinned minor version: within one minor, kind's configuration and node images are
 * compatible.
 */
export function matchesPin(version: string, pin: Pick<KindPin, 'version'>): boolean {
  const minor = (text: string) => text.split('.').slice(0, 2).join('.');
  return minor(version) === minor(pin.version);
}

/**
 * Returns the kind program to use: the user's own if its minor version is the pinned one, else a private copy in
 * `cacheFolder`. The copy is the release binary, or is built from the Go module. It is fetched at first use, by the
 * pinned checksum, and checked at each use. The user's own kind is not checked. Installs nothing system-wide.
 */
export async function findKind(
  pin: KindPin,
  cacheFolder: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<KindProgram> {
  const theirs = await versionOf('kind', signal);
  if (theirs !== undefined && matchesPin(theirs, pin)) return { path: 'kind', version: `v${theirs}`, origin: 'PATH' };

  const folder = join(cacheFolder, `kind-v${pin.version}`);
  const kept = await keptCopy(folder);
  if (kept !== undefined) return { path: kept, version: `v${pin.version}`, origin: 'private copy' };

  if (theirs !== undefined)
    progress.note(`kind v${theirs} on PATH is not of the pinned minor version; it is left alone`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const refusals: string[] = [];
  for (const [way, fetchKind] of [
    ['release binary', downloadRelease],
    ['Go module', buildFromModule],
  ] as const) {
    const own = await mkdtemp(join(folder, 'new-'));
    try {
      progress.note(`getting kind v${pin.version} (${way}) into the harness's cache`);
      await fetchKind(pin, own, signal);
      const program = join(own, 'kind');
      if ((await versionOf(program, signal)) !== pin.version) throw new Error('the program reports another version');
      const path = join(folder, `kind-${hash('sha256', await readFile(program))}`);
      await rename(program, path);
      return { path, version: `v${pin.version}`, origin: 'private copy' };
    } catch (error) {
      signal?.throwIfAborted();
      refusals.push(`${way}: ${messageOf(error)}`);
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  }
  throw new DomainError({
    attempted: `getting kind v${pin.version}`,
    seen: refusals.join('\n'),
    remedy: `install kind v${pin.version} yourself and put it on PATH`,
  });
}

async function versionOf(program: string, signal?: AbortSignal): Promise<string | undefined> {
  const { status, stdout } = await host.attempt({ argv: [program, 'version'], deadline: 10_000, signal });
  return status === 0 ? readKindVersion(stdout) : undefined;
}

/** Returns a copy of kind whose content has the checksum in its name. Other copies are removed. */
async function keptCopy(folder: string): Promise<string | undefined> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    if (!name.startsWith('kind-')) continue;
    const content = await readFile(path).catch(() => undefined);
    if (content !== undefined && name === `kind-${hash('sha256', content)}`) return path;
    await rm(path, { recursive: true, force: true });
  }
  return undefined;
}

async function downloadRelease(pin: KindPin, folder: string, signal?: AbortSignal): Promise<void> {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const expected = pin.sha256[platform as keyof KindPin['sha256']];
  if (expected === undefined) throw new Error(`no checksum is pinned for ${platform}`);
  const address = `https://github.com/kubernetes-sigs/kind/releases/download/v${pin.version}/kind-${platform}`;
  const limits = [AbortSignal.timeout(120_000), ...(signal === undefined ? [] : [signal])];
  const response = await fetch(address, { signal: AbortSignal.any(limits) }).catch((error: Error) => {
    throw new Error(`no answer from the release page (${messageOf(error.cause ?? error)})`);
  });
  if (!response.ok) throw new Error(`the release page answered ${response.status}`);
  const binary = Buffer.from(await response.arrayBuffer());
  const sum = hash('sha256', binary);
  if (sum !== expected) throw new Error(`checksum ${sum} is not the pinned ${expected}; the download was discarded`);
  await writeFile(join(folder, 'kind'), binary, { mode: 0o755 });
}

async function buildFromModule(pin: KindPin, folder: string, signal?: AbortSignal): Promise<void> {
  const module = `sigs.k8s.io/kind@v${pin.version}`;
  const env = { GOBIN: folder, GOFLAGS: '', CGO_ENABLED: '0', TMPDIR: folder };
  const go = async (...args: string[]) =>
    (await run(host, { argv: ['go', ...args], directory: folder, env, deadline: 300_000, signal })).stdout;
  const { Sum: sum } = JSON.parse(await go('mod', 'download', '-json', module)) as { Sum?: string };
  if (sum !== pin.module) throw new Error(`checksum ${sum} of the module is not the pinned ${pin.module}`);
  await go('install', module);
}

/** The input of `kind create cluster`. */
export interface ClusterRequest {
  cluster: string;
  /**
   * Docker network of this run. It is removed with the run. With kind's own network, two simultaneous first runs would
   * race to create it.
   */
  network: string;
  image: string;
  configuration: string;
  kubeconfig: string;
  deadline: number;
  signal?: AbortSignal | undefined;
  onLine?: (line: string) => void;
}

/**
 * kind's verbs for one cluster. Nodes of a failed creation are kept until their logs are exported; the undo of the run
 * removes them.
 */
export class Kind {
  readonly program: KindProgram;
  readonly #commander: Commander;

  constructor(program: KindProgram, commander: Commander = host) {
    this.program = program;
    this.#commander = commander;
  }

  async create(request: ClusterRequest): Promise<void> {
    const { cluster, network, image, configuration, kubeconfig, signal } = request;
    signal?.throwIfAborted();
    // Not run by the commander, which would end kind's docker commands too: see endCreation.
    const stop = () => void endCreation(cluster, kubeconfig);
    if (canSeeProcesses) signal?.addEventListener('abort', stop, { once: true });
    const creation = run(this.#commander, {
      argv: [
        this.program.path,
        'create',
        'cluster',
        '--name',
        cluster,
        '--image',
        image,
        '--config',
        '-',
        '--kubeconfig',
        kubeconfig,
        '--retain',
      ],
      stdin: configuration,
      env: { KIND_EXPERIMENTAL_DOCKER_NETWORK: network, KUBECONFIG: kubeconfig },
      deadline: request.deadline,
      ...(canSeeProcesses ? {} : { signal }),
      ...(request.onLine === undefined ? {} : { onLine: request.onLine }),
    });
    try {
      await creation;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /**
   * Creates the logs of all nodes in `folder`: kubelet, containerd, pods, the nodes' journals. kind also calls crictl
   * for a list of images. A built node image has no crictl; the logs are complete without the list.
   */
  async exportLogs(cluster: string, folder: string, signal?: AbortSignal): Promise<void> {
    const argv = [this.program.path, 'export', 'logs', folder, '--name', cluster] as const;
    const result = await this.#commander.attempt({ argv, deadline: 120_000, signal });
    await redactFiles(folder);
    if (result.status !== 0 && !/crictl images/.test(result.stderr)) {
      throw new CommandFailed(this.#commander.place, result, `exit status ${result.status}`);
    }
  }
}

/**
 * Removes secrets from all files in a folder. Afterwards only this user can read them. kind's `inspect.json` contains
 * the environment of the nodes, and so the proxies of this machine.
 */
async function redactFiles(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((found) => found.isFile())) {
    const path = join(entry.parentPath, entry.name);
    await writeFile(path, redact(await readFile(path, 'utf8')));
    await chmod(path, 0o600);
  }
}

/** Returns the steps that kind prints while it creates a cluster, as progress lines. */
export function readKindStep(line: string): string | undefined {
  const step = /•\s+(.+?)\s*\.\.\.\s*$/u.exec(line)?.[1];
  // kind ends the name of a step with emoji.
  return step?.replace(/(\s+(\p{Extended_Pictographic}|\u{fe0f}|\u{200d})+)+$/u, '');
}

/**
 * Returns the error of a failed `kind create cluster`: what went wrong on the nodes, instead of kubeadm's whole trace.
 */
export function creationFailed(cluster: string, error: unknown, logFolder: string | undefined): DomainError {
  const output = error instanceof CommandFailed ? `${error.stdout}\n${error.stderr}` : messageOf(error);
  const telling = output
    .split('\n')
    .filter(
      (line) =>
        /\berror\b|ERROR|failed|timed out|no space|too many open files|denied/i.test(line) &&
        !/^\s*(k8s\.io|github\.com|runtime)/.test(line),
    )
    .map((line) => line.trim());
  const inotify = /too many open files/i.test(output);
  return new DomainError(
    {
      attempted: `creating the cluster ${cluster} with kind`,
      seen: [...new Set(telling)].slice(-8).join('\n') || output.trim().split('\n').slice(-8).join('\n'),
      ...(inotify ? { why: 'inotify instances are exhausted; each node needs some' } : {}),
      remedy: inotify
        ? inotifyRemedy
        : logFolder === undefined
          ? 'run again with --keep=failure and look at the nodes'
          : `read kubelet's and containerd's logs in ${logFolder}`,
    },
    { cause: error },
  );
}
