import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Versions } from '../../configuration/versions.ts';
import { DomainError } from '../../errors/domain-error.ts';
import type { Progress } from '../../text/progress.ts';
import { pasteable, run } from '../command/commander.ts';
import { host } from '../command/host.ts';
import { pollUntil } from '../poll-until.ts';
import {
  type DebianArchive,
  debianArchives,
  installPackages,
  mainArchive,
  refreshPackageLists,
  sourceEntry,
} from './apt.ts';
import { type EngineFacts, probeEngine } from './engine.ts';

/** The pins of the engine: the part `engine` of versions.yaml. */
export type EnginePins = Versions['engine'];

/** The facts that decide how an engine can be installed. */
export interface EngineHost {
  root: boolean;
  /** `ID` of /etc/os-release. */
  distribution: string;
  clientPresent: boolean;
  daemonPresent: boolean;
  serviceManager: boolean;
  /** Major version of the daemon package in apt; undefined if apt has none. */
  candidateMajor: number | undefined;
  archive: DebianArchive | undefined;
  /**
   * The engine in DOCKER_HOST or DOCKER_CONTEXT, if it is another machine's. The harness does not start it.
   */
  elsewhere?: string | undefined;
}

/** One step of the installation, and the commands that a person would type for it. */
export type InstallationStep =
  | { kind: 'install'; packages: string[]; commands: string[] }
  | { kind: 'install from suite'; packages: string[]; suite: string; archive: DebianArchive; commands: string[] }
  | { kind: 'start by service manager'; commands: string[] }
  | { kind: 'start by hand'; commands: string[] };

/** Returns the steps of the installation. Empty if the harness does not install an engine on this machine. */
export function planInstallation(machine: EngineHost, pins: EnginePins): InstallationStep[] {
  const start: InstallationStep = machine.serviceManager
    ? { kind: 'start by service manager', commands: ['systemctl start docker'] }
    : { kind: 'start by hand', commands: ['dockerd >/var/log/dockerd.log 2>&1 &'] };
  if (machine.elsewhere !== undefined) return [];
  if (machine.daemonPresent) return machine.root ? [start] : [];
  if (!machine.root || !['debian', 'ubuntu'].includes(machine.distribution)) return [];

  const [daemon = 'docker.io'] = pins.packages;
  const packages = machine.clientPresent ? [daemon] : pins.packages;
  if (machine.candidateMajor !== undefined && machine.candidateMajor >= pins.minimumServerVersion) {
    // Ubuntu's docker.io contains the client, and has no separate package for it.
    const wanted = machine.distribution === 'ubuntu' ? [daemon] : packages;
    return [
      {
        kind: 'install',
        packages: wanted,
        commands: ['apt-get update', `apt-get install --no-install-recommends ${wanted.join(' ')}`],
      },
      start,
    ];
  }
  if (machine.archive === undefined) return [];
  return [
    {
      kind: 'install from suite',
      packages,
      suite: pins.debianSuite,
      archive: machine.archive,
      commands: [
        `# download ${packages.join(' and ')} of Debian ${pins.debianSuite} as .deb files; apt's own sources stay as they are`,
        `apt-get install --no-install-recommends ${packages.map((name) => `./${name}_*.deb`).join(' ')}`,
      ],
    },
    start,
  ];
}

/** Returns the engine that the environment names, unless it is the default one of this machine. */
export function engineElsewhere({ DOCKER_HOST: host, DOCKER_CONTEXT: context }: NodeJS.ProcessEnv): string | undefined {
  // As in docker itself, DOCKER_HOST takes precedence.
  if (host) return /^unix:\/\/(\/var)?\/run\/docker\.sock$/.test(host) ? undefined : `DOCKER_HOST=${host}`;
  return context && context !== 'default' ? `DOCKER_CONTEXT=${context}` : undefined;
}

/** Returns the facts of this machine. Changes nothing. */
export async function inspectEngineHost(pins: EnginePins, signal?: AbortSignal): Promise<EngineHost> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const onPath = async (program: string) =>
    (await host.attempt({ argv: ['which', program], deadline: 5000, signal })).status === 0;
  const policy = await host.attempt({
    argv: ['apt-cache', 'policy', pins.packages[0] ?? 'docker.io'],
    deadline: 30_000,
    signal,
  });
  const candidate = /^\s*Candidate: (?:\d+:)?(\d+)\./m.exec(policy.stdout)?.[1];
  return {
    root: process.getuid?.() === 0,
    distribution: /^ID="?([^"\n]+)"?$/m.exec(release)?.[1] ?? process.platform,
    clientPresent: await onPath('docker'),
    daemonPresent: await onPath('dockerd'),
    serviceManager: existsSync('/run/systemd/system'),
    candidateMajor: candidate === undefined ? undefined : Number(candidate),
    archive: mainArchive(await debianArchives(signal)),
    elsewhere: engineElsewhere(process.env),
  };
}

/**
 * Waits until the steps are done and the engine answers. Announces each step before it begins. A daemon that was started
 * and does not answer is ended.
 * @param workFolder a folder for downloads and for the daemon's log
 * @param patience milliseconds that the daemon has for its first answer
 */
export async function install(
  steps: readonly InstallationStep[],
  workFolder: string,
  progress: Progress,
  signal?: AbortSignal,
  patience = 60_000,
): Promise<EngineFacts> {
  await mkdir(workFolder, { recursive: true });
  const log = join(workFolder, 'dockerd.log');
  let daemon: ChildProcess | undefined;
  for (const step of steps) {
    progress.note(describeStep(step));
    if (step.kind === 'install') {
      await refreshPackageLists(signal);
      await installPackages(step.packages, signal);
    } else if (step.kind === 'install from suite') {
      await refreshPackageLists(signal);
      await using download = await downloadFromSuite(step, workFolder, signal);
      await installPackages(download.files, signal);
    } else if (step.kind === 'start by service manager') {
      await run(host, { argv: ['systemctl', 'start', 'docker'], deadline: 60_000, signal });
    } else {
      daemon = startByHand(log);
    }
  }
  try {
    return await answering(log, patience, signal);
  } catch (error) {
    daemon?.kill();
    throw error;
  }
}

/** Returns a step in words, for the terminal. */
export function describeStep(step: InstallationStep): string {
  switch (step.kind) {
    case 'install':
      return `installing ${step.packages.join(' and ')} with apt`;
    case 'install from suite':
      return `installing ${step.packages.join(' and ')} of Debian ${step.suite} (this release's own is too old); apt's sources stay as they are, so security updates of it are yours to install`;
    case 'start by service manager':
      return 'starting the Docker daemon with systemctl';
    case 'start by hand':
      return 'starting the Docker daemon (no service manager is running here)';
  }
}

/**
 * Returns the paths of packages that are downloaded from another suite. Separate package lists and sources leave apt's
 * own unchanged. The .deb files are exactly those that apt names: apt checks no signature when it installs a file. They
 * are in a new folder that no other user can write, which is removed when the result is disposed.
 */
export async function downloadFromSuite(
  step: Pick<Extract<InstallationStep, { kind: 'install from suite' }>, 'packages' | 'suite' | 'archive'>,
  workFolder: string,
  signal?: AbortSignal,
): Promise<{ files: string[] } & AsyncDisposable> {
  await refuseForeign(workFolder);
  const downloads = 'packages-';
  for (const name of await readdir(workFolder))
    if (name.startsWith(downloads)) await rm(join(workFolder, name), { recursive: true });
  const folder = await mkdtemp(join(workFolder, downloads));
  const disposal = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
  try {
    for (const part of ['sources', 'lists/partial', 'archives/partial', 'packages'])
      await mkdir(join(folder, part), { recursive: true });
    // The URI may contain the password of a mirror.
    const sources = join(folder, 'sources', `${step.suite}.sources`);
    await writeFile(sources, sourceEntry(step.archive, step.suite), { mode: 0o600 });
    const apart = [
      ['-o', 'Dir::Etc::SourceList=/dev/null'],
      ['-o', `Dir::Etc::SourceParts=${join(folder, 'sources')}`],
      ['-o', `Dir::State::Lists=${join(folder, 'lists')}`],
      ['-o', `Dir::Cache=${folder}`],
      ['-o', 'APT::Sandbox::User=root'],
    ].flat();
    const apt = async (...args: string[]) => {
      const directory = join(folder, 'packages');
      return (await run(host, { argv: ['apt-get', ...apart, ...args], directory, deadline: 300_000, signal })).stdout;
    };
    await apt('update');
    const wanted = ['download', ...step.packages.map((name) => `${name}/${step.suite}`)];
    const named = readPrintedNames(await apt(...wanted, '--print-uris'));
    await apt(...wanted);
    const found = await readdir(join(folder, 'packages'));
    if (named.length !== step.packages.length || named.toSorted().join() !== found.toSorted().join())
      throw new DomainError({
        attempted: `downloading ${step.packages.join(' and ')} of Debian ${step.suite}`,
        on: folder,
        seen: `apt names ${named.join(', ') || 'no file'}; found: ${found.join(', ') || 'none'}`,
        why: 'these files are installed as root, and nothing checks them any more',
        remedy: 'install Docker Engine 24 or later yourself',
      });
    return { files: named.map((name) => join(folder, 'packages', name)), ...disposal };
  } catch (error) {
    await disposal[Symbol.asyncDispose]();
    throw error;
  }
}

/** Returns the file names that `apt-get download --print-uris` prints: `'http://…' name size checksum` in each line. */
export function readPrintedNames(text: string): string[] {
  return text.split('\n').flatMap((line) => /^'[^']*' ([\w.+~%-]+\.deb) \d+/.exec(line)?.[1] ?? []);
}

/** Checks that no other user can replace files in a folder. @throws DomainError otherwise */
async function refuseForeign(folder: string): Promise<void> {
  const { uid, mode } = await stat(folder);
  if (uid === process.getuid?.() && (mode & 0o022) === 0) return;
  throw new DomainError({
    attempted: 'downloading packages that are installed as root',
    on: folder,
    seen: `it belongs to user ${uid}, mode ${(mode & 0o7777).toString(8)}`,
    why: 'another user could replace the packages',
    remedy: 'set LPV_CACHE_HOME to a folder that only this user can write',
  });
}

function startByHand(log: string): ChildProcess {
  // A new log for each start; otherwise it would grow without end.
  const file = openSync(log, 'w', 0o600);
  try {
    // Detached: the engine outlives this run, like one that a service manager starts.
    const daemon = spawn('dockerd', ['--log-level', 'warn'], { detached: true, stdio: ['ignore', file, file] });
    daemon.on('error', () => {});
    daemon.unref();
    return daemon;
  } finally {
    closeSync(file);
  }
}

/**
 * Waits until the daemon answers. A daemon that was started by hand does not signal its readiness, so it is polled.
 * @throws DomainError with the end of the log, if there is no answer in time
 */
async function answering(log: string, within: number, signal?: AbortSignal): Promise<EngineFacts> {
  const look = async () => {
    const state = await probeEngine(signal);
    return state.kind === 'answers' ? { answer: state.facts } : { notYet: state };
  };
  const end = await pollUntil(look, { within, every: 250, signal });
  if ('answer' in end) return end.answer;
  const written = await readFile(log, 'utf8').catch(() => '');
  throw new DomainError({
    attempted: 'starting the Docker daemon',
    seen: `no answer within ${within / 1000} s (${end.notYet.kind})\n${written.trimEnd().split('\n').slice(-6).join('\n')}`,
    remedy: `read its log: ${pasteable(['less', log])}`,
  });
}
