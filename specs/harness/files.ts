import type { PodHandle } from './handles.ts';
import { runInPod, tryInPod } from './pod-commands.ts';

/** The size and the free space of a file system, as statfs reports them. */
export interface Space {
  /** Bytes of a block. */
  blockSize: number;
  /** Blocks in all. */
  blocks: number;
  /** Free blocks that a program can use; those that the file system reserves are not counted. */
  available: number;
}

/** Returns the free space at a path, as the pod sees it. */
export async function freeSpace(pod: PodHandle, path: string): Promise<Space> {
  const [blockSize = Number.NaN, blocks = Number.NaN, available = Number.NaN] = (
    await runInPod(pod, ['stat', '-f', '-c', '%S %b %a', path], { repeatable: true })
  )
    .trim()
    .split(' ')
    .map(Number);
  return { blockSize, blocks, available };
}

/**
 * Returns what dd printed on standard error when the file system refused a write to the file. It writes at most 125 % of
 * the disk, so that a volume that is not on its disk cannot fill the machine. @throws Error where no write is refused
 */
export async function fill(pod: PodHandle, path: string, diskBytes: number): Promise<string> {
  const count = Math.ceil((diskBytes * 1.25) / 65_536);
  const { status, stderr } = await tryInPod(pod, ['dd', 'if=/dev/zero', `of=${path}`, 'bs=64k', `count=${count}`]);
  if (status === 0) throw new Error(`${path} took 125 % of its disk, and no write was refused`);
  return stderr;
}

/** Writes random bytes to a file, and waits until they are on the disk; returns their SHA-256. */
export async function writeChecked(pod: PodHandle, path: string, bytes: number): Promise<string> {
  await runInPod(pod, [
    'dd',
    'if=/dev/urandom',
    `of=${path}`,
    'bs=64k',
    `count=${Math.ceil(bytes / 65_536)}`,
    'conv=fsync',
  ]);
  const sum = (await runInPod(pod, ['sha256sum', path])).split(' ')[0];
  if (!sum?.match(/^[0-9a-f]{64}$/)) throw new Error(`sha256sum of ${path} said ${sum}`);
  return sum;
}
