import { readFileSync } from 'node:fs';
import { type Node, type NodeScript, scriptOnNode } from '../node.ts';
import type { BackEndOrder, MadeDisk } from './back-end.ts';
import { bindMountOf } from './mounted-at.ts';

const script = (name: string): NodeScript => ({ name, text: readFileSync(new URL(name, import.meta.url), 'utf8') });
const scripts = {
  make: script('make-directory.sh'),
  makeTmpfs: script('make-tmpfs.sh'),
  remove: script('remove-directory.sh'),
};

/** A directory that is wanted on a node. */
export interface DirectoryRequest {
  directory: string;
  /** What is mounted at it: nothing, itself, or memory of that many bytes. */
  mount: 'plain' | 'bound' | { tmpfs: number };
  /** A symbolic link that leads to it, and that the PersistentVolume is to name in its place. */
  link?: string;
}

/** Makes a directory on a node; it takes itself away, with everything in it. */
export async function makeDirectory(
  node: Node,
  { directory, mount, link }: DirectoryRequest,
  { signal }: Pick<BackEndOrder, 'signal'>,
): Promise<MadeDisk> {
  const links = link === undefined ? [] : [link];
  const remove = async (stop?: AbortSignal): Promise<void> => {
    await scriptOnNode(node, scripts.remove, [directory, ...links], { signal: stop });
  };
  if (typeof mount === 'string') await scriptOnNode(node, scripts.make, [directory, mount, ...links], { signal });
  else await scriptOnNode(node, scripts.makeTmpfs, [directory, String(mount.tmpfs)], { signal });
  const path = link ?? directory;
  const shown = await bindMountOf(node, path, signal).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return { node: node.name, path, volumeMode: 'Filesystem', at: 'directory', ...shown, remove };
}
