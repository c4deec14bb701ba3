import type { PodHandle } from './handles.ts';
import { runInPod, tryInPod } from './pod-commands.ts';

/** What statfs says of the file system at a path. */
export interface Space {
  /** Bytes of a block. */
  blockSize: number;
  /** Blocks in all. */
  blocks: number;
  /** Blocks that a program may still have; what the file system keeps for itself is not among them. */
  available: number;
}

/** Free space at a path, as the pod sees it. */
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
 * Writes to a file until the file system refuses; returns what the writer said, which must not be success. It stops a
 * little beyond the size of the disk, so that a volume that is not on its disk cannot fill the machine.
 */
export async function fill(pod: PodHandle, path: string, diskBytes: number): Promise<string> {
  const count = Math.ceil((diskBytes * 1.25) / 65_536);
  const { status, stderr } = await tryInPod(pod, ['dd', 'if=/dev/zero', `of=${path}`, 'bs=64k', `count=${count}`]);
  if (status === 0) throw new Error(`${path} took 125 % of its disk and met no end`);
  return stderr;
}

/** Writes random bytes to a file, has them on the disk before it returns, and gives their SHA-256. */
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
