/**
 * The commands that decide what is in a node image. The hash of a recipe covers their words, with placeholders for
 * names and places that differ between builds.
 */

/** Settings of every container of the node image. */
const imageSettings = [
  'ENTRYPOINT ["/usr/local/sbin/node-entrypoint"]',
  'STOPSIGNAL SIGRTMIN+3',
  'ENV container=docker',
];

/** Returns the arguments of `docker` that make the base image from an archive of its root file system. */
export function importing(archive: string, reference: string): string[] {
  return ['import', ...changes(imageSettings), archive, reference];
}

/** Returns the arguments of `docker` that make the node image from a container, with labels that say what is in it. */
export function committing(container: string, reference: string, labels: Readonly<Record<string, string>>): string[] {
  const settings = Object.entries(labels).map(([name, value]) => `LABEL ${name}=${JSON.stringify(value)}`);
  return ['commit', ...changes([...imageSettings, ...settings]), container, reference];
}

const changes = (settings: readonly string[]): string[] => settings.flatMap((setting) => ['--change', setting]);

/** Returns the command that makes the root file system, an archive. It runs in the recipe's folder. */
export function makingRootFileSystem(
  suite: string,
  packages: readonly string[],
  mode: string,
  archive: string,
  sources: readonly string[],
): [string, ...string[]] {
  const omitted = ['doc', 'man', 'locale', 'info'].map((part) => `--dpkgopt=path-exclude=/usr/share/${part}/*`);
  return [
    'mmdebstrap',
    '--variant=minbase',
    `--mode=${mode}`,
    `--include=${packages.join(',')}`,
    '--aptopt=APT::Install-Recommends "false"',
    ...omitted,
    '--customize-hook=sync-in rootfs /',
    '--customize-hook=./customize.sh "$1"',
    suite,
    archive,
    ...sources,
  ];
}

/** Returns the command that compiles Kubernetes in the current folder, and its environment variables. */
export function compiling(
  version: string,
  go: string,
  output: string,
  fromTree: boolean,
): { argv: [string, ...string[]]; env: Record<string, string> } {
  const modules = fromTree ? ['-mod=mod'] : ['-mod=readonly'];
  return {
    argv: ['go', 'build', '-v', '-trimpath', ...modules, '-ldflags', linkerFlags(version), '-o', output, '.'],
    env: {
      // A tree may ask for a later Go than the pinned one.
      GOTOOLCHAIN: fromTree ? `go${go}+auto` : `go${go}`,
      GOFLAGS: '-buildvcs=false',
      GOWORK: 'off',
      CGO_ENABLED: '0',
      GOOS: 'linux',
      GOARCH: { x64: 'amd64' }[process.arch as string] ?? process.arch,
      GOAMD64: 'v1',
      GOARM64: 'v8.0',
      GOEXPERIMENT: '',
      GOFIPS140: 'off',
      // The compiler spends a fifth of its time collecting garbage unless it may use more memory.
      GOGC: '400',
    },
  };
}

/** Returns linker flags that set the version where Kubernetes' own build scripts set it. */
export function linkerFlags(version: string): string {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  const stamp = (name: string, value: string) => `-X k8s.io/component-base/version.${name}=${value}`;
  return [
    '-s',
    '-w',
    stamp('gitVersion', version),
    stamp('gitMajor', major),
    stamp('gitMinor', minor),
    stamp('gitTreeState', 'clean'),
  ].join(' ');
}

/** The names and places of one assembly. */
export interface Assembly {
  container: string;
  base: string;
  binary: string;
  script: string;
  version: string;
  etcd: string;
  pause: string;
  podImage: string;
}

/** Where the compiled program is in a node. */
export const programInNode = '/usr/local/bin/kubernetes';
/** Where a node lists its Debian packages, by name and version. */
export const packagesInNode = '/kind/packages';

/**
 * Returns the arguments of `docker` that put Kubernetes and the container images into a container of the base image.
 */
export function assembling(assembly: Assembly): string[][] {
  const { container, base, binary, script, version, etcd, pause, podImage } = assembly;
  const start = ['run', '--detach', '--privileged', '--network', 'none', '--name', container];
  return [
    // Without a label: the image, and every node made from it, would inherit it.
    [...start, '--entrypoint', 'sleep', base, 'infinity'],
    ['cp', '--quiet', binary, `${container}:${programInNode}`],
    ['cp', '--quiet', script, `${container}:/run/assemble.sh`],
    ['exec', container, 'sh', '/run/assemble.sh', version, etcd, pause, podImage],
    ['exec', container, 'rm', '/run/assemble.sh'],
  ];
}

/** Returns the words of the commands that make the base image. */
export function baseWords(suite: string, packages: readonly string[]): string {
  return JSON.stringify([makingRootFileSystem(suite, packages, 'MODE', 'ARCHIVE', []), importing('ARCHIVE', 'BASE')]);
}

/** Returns the words of the commands that make a node image from the base image. */
export function nodeWords(facts: Pick<Assembly, 'version' | 'etcd' | 'pause' | 'podImage'>, go: string): string {
  const places = { container: 'CONTAINER', base: 'BASE', binary: 'BINARY', script: 'SCRIPT' };
  return JSON.stringify([
    compiling(facts.version, go, 'BINARY', false),
    assembling({ ...places, ...facts }),
    committing('CONTAINER', 'REFERENCE', {}),
  ]);
}
