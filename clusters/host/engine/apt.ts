import { run } from '../command/commander.ts';
import { host } from '../command/host.ts';

/** A Debian archive as configured in this machine's apt: mirrors are used, and no host name is built in. */
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
 * Returns the Debian archives that apt on this machine uses; empty where apt is absent or has other distributions only.
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

/** Installs packages (names or paths of .deb files) without recommendations. Needs root. */
export async function installPackages(packages: readonly string[], signal?: AbortSignal): Promise<void> {
  await run(host, {
    argv: ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages],
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    deadline: 600_000,
    signal,
  });
}

/** Refreshes apt's package lists. Needs root. */
export async function refreshPackageLists(signal?: AbortSignal): Promise<void> {
  await run(host, { argv: ['apt-get', 'update'], deadline: 300_000, signal });
}
