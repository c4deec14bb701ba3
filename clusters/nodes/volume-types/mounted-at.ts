import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { DomainError } from '../../errors/domain-error.ts';
import { type Mount, mountHolding, parseMountinfo } from '../mountinfo.ts';
import { type Node, type NodeScript, scriptOnNode } from '../node.ts';

/** What any bind mount of a directory shows in mountinfo. */
export interface BindMountOf {
  deviceNumber: string;
  root: string;
  fileSystem: string;
}

const describe: NodeScript = {
  name: 'describe-path.sh',
  text: readFileSync(new URL('describe-path.sh', import.meta.url), 'utf8'),
};

/** Asks the node what a bind mount of the directory at a path must show. Symbolic links are followed. */
export async function bindMountOf(node: Node, path: string, signal?: AbortSignal): Promise<BindMountOf> {
  return readDescription(await scriptOnNode(node, describe, [path], { signal }));
}

/** Reads what describe-path.sh printed. */
export function readDescription(printed: string): BindMountOf {
  const end = printed.indexOf('\n');
  return bindMountFrom(parseMountinfo(printed.slice(end + 1)), printed.slice(0, end));
}

/** The device, root and file system of a bind mount of `directory`, which is no symbolic link. */
export function bindMountFrom(mounts: readonly Mount[], directory: string): BindMountOf {
  const holding = mountHolding(mounts, directory);
  if (!holding) {
    throw new DomainError({
      attempted: 'finding the file system of a directory',
      on: directory,
      seen: `none of ${mounts.length} mounts leads to it`,
    });
  }
  const below = posix.relative(holding.mountPoint, directory);
  return { deviceNumber: holding.device, root: posix.join(holding.root, below), fileSystem: holding.fileSystem };
}
