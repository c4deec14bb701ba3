/** One line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)). */
export interface Mount {
  id: number;
  parent: number;
  /** Device number of the mounted file system, as `major:minor`. */
  device: string;
  /** The mounted directory of the file system: `/` for a whole one, another for a bind mount of a directory in it. */
  root: string;
  mountPoint: string;
  /** Options of this mount, such as `ro` or `noexec`. */
  options: string[];
  propagation: Propagation[];
  fileSystem: string;
  /** The mounted device's path, or a name for file systems without a device. */
  source: string;
  /** Options of the file system itself, shared by all its mounts. */
  superOptions: string[];
}

export type Propagation =
  | { kind: 'shared'; peerGroup: number }
  | { kind: 'master'; peerGroup: number }
  | { kind: 'propagate_from'; peerGroup: number }
  | { kind: 'unbindable' };

/**
 * Returns the mounts in a mountinfo file.
 * @throws SyntaxError with the number of a line that does not have the documented form
 */
export function parseMountinfo(text: string): Mount[] {
  return text
    .split('\n')
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, number }) => parseLine(line, number));
}

function parseLine(line: string, number: number): Mount {
  const words = line.trim().split(' ');
  const separator = words.indexOf('-', 6);
  const [id, parent, device, root, mountPoint, options] = words;
  const [fileSystem, source, superOptions] = words.slice(separator + 1);
  if (
    separator < 0 ||
    !id ||
    !parent ||
    !device?.match(/^\d+:\d+$/) ||
    !root ||
    !mountPoint ||
    !options ||
    !fileSystem ||
    source === undefined ||
    !superOptions
  ) {
    throw new SyntaxError(`mountinfo line ${number} is not of the documented form: ${line}`);
  }
  return {
    id: Number(id),
    parent: Number(parent),
    device,
    root: withoutEscapes(root),
    mountPoint: withoutEscapes(mountPoint),
    options: options.split(','),
    propagation: words.slice(6, separator).map((field) => parsePropagation(field, number)),
    fileSystem,
    source: withoutEscapes(source),
    superOptions: superOptions.split(','),
  };
}

function parsePropagation(field: string, number: number): Propagation {
  if (field === 'unbindable') return { kind: 'unbindable' };
  const [kind, group] = field.split(':');
  if (group !== undefined && (kind === 'shared' || kind === 'master' || kind === 'propagate_from'))
    return { kind, peerGroup: Number(group) };
  throw new SyntaxError(`mountinfo line ${number} has an unknown optional field: ${field}`);
}

/** Returns the text with the kernel's octal escapes of space, tab, newline and backslash replaced. */
export function withoutEscapes(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/**
 * Returns the visible mount at a path: the last one at exactly that mount point, because later mounts cover earlier
 * ones.
 */
export function mountAt(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts.findLast((mount) => mount.mountPoint === path);
}

/** Returns the mount that contains a path: the one with the longest mount point that is a prefix of it. */
export function mountHolding(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts
    .filter(({ mountPoint }) => mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`))
    .reduce<Mount | undefined>(
      (best, mount) => (best === undefined || mount.mountPoint.length >= best.mountPoint.length ? mount : best),
      undefined,
    );
}
