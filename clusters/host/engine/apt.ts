import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailed, run } from '../command/commander.ts';
import { host } from '../command/host.ts';

/** A Debian archive from the configuration of this machine's apt. So mirrors are used, and no host name is built in. */
export interface DebianArchive {
  uri: string;
  codename: string;
}

/** The format of `apt-get indextargets`: one line for each package index. */
const indexTargetsFormat = '$(REPO_URI)|$(CODENAME)|$(ORIGIN)';

/** The key ring that signs every Debian archive, in Debian's package debian-archive-keyring. */
export const debianKeyRing = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Parses the output of `apt-get indextargets`. Returns Debian's own archives only. */
export function readIndexTargets(text: string): DebianArchive[] {
  const archives = text
    .split('\n')
    .map((line) => line.split('|'))
    .filter(([uri, , origin]) => uri && origin === 'Debian')
    .map(([uri = '', codename = '']) => ({ uri, codename }));
  return archives.filter(
    (archive, index) =>
      archives.findIndex((other) => other.uri === archive.uri && other.codename === archive.codename) === index,
  );
}

/**
 * Returns the Debian archives that apt on this machine uses. Empty if apt is absent or has other distributions only.
 */
export async function debianArchives(signal?: AbortSignal): Promise<DebianArchive[]> {
  const argv = ['apt-get', 'indextargets', '--format', indexTargetsFormat, 'Created-By: Packages'] as const;
  const { status, stdout } = await host.attempt({ argv, deadline: 30_000, signal });
  return status === 0 ? readIndexTargets(stdout) : [];
}

/** Returns a source entry for one suite of an archive, in the form that apt and mmdebstrap read. */
export function sourceEntry(archive: DebianArchive, suite: string): string {
  const lines = [
    'Types: deb',
    `URIs: ${archive.uri}`,
    `Suites: ${suite}`,
    'Components: main',
    `Signed-By: ${debianKeyRing}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Returns the archive for Debian packages: the main one rather than that of security updates. */
export function mainArchive(archives: readonly DebianArchive[]): DebianArchive | undefined {
  return archives.find(({ codename }) => !codename.includes('-')) ?? archives[0];
}

/** Waits up to 120 s for another apt to end, such as the one that a new machine starts by itself. */
const lock = ['-o', 'DPkg::Lock::Timeout=120'];

/**
 * Installs packages (names or paths of .deb files) without recommendations, and removes none. Needs root. The
 * installation continues even if this process ends: packages that are half configured break later installations.
 * @throws CommandFailed
 */
export async function installPackages(packages: readonly string[], signal?: AbortSignal): Promise<void> {
  const install = [
    'apt-get',
    ...lock,
    'install',
    '--yes',
    '--no-remove',
    '--no-install-recommends',
    ...packages,
  ] as const;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  // The download takes longest, and may be interrupted.
  await run(host, { argv: [...install, '--download-only'], env, deadline: 600_000, signal });
  await uninterrupted(install, env);
  signal?.throwIfAborted();
}

/** Refreshes apt's package lists. Needs root. */
export async function refreshPackageLists(signal?: AbortSignal): Promise<void> {
  await run(host, { argv: ['apt-get', ...lock, 'update'], deadline: 300_000, signal });
}

/**
 * Runs a program that survives signals and the end of this process, because its output goes to a file without a name.
 */
async function uninterrupted(argv: readonly [string, ...string[]], env: Record<string, string>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lpv-apt-'));
  const output = openSync(join(folder, 'output'), 'w+', 0o600);
  rmSync(folder, { recursive: true });
  try {
    const [program, ...args] = argv;
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...process.env, ...env },
    });
    const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (status === 0) return;
    const text = Buffer.alloc(fstatSync(output).size);
    readSync(output, text, 0, text.length, 0);
    const result = { argv, stdout: text.toString(), stderr: '', ...(status !== null && { status }) };
    throw new CommandFailed(host.place, result, status === null ? `killed by ${signal}` : `exit status ${status}`);
  } finally {
    closeSync(output);
  }
}
