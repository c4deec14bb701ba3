import { attachBlockDevice, type BlockDevice, detachBlockDevice } from '../block-device.ts';
import { type Node, onNode } from '../node.ts';
import type { BackEndOrder, MadeDisk } from './back-end.ts';

/**
 * What a volume on a raw device comes to be: the device itself in a container, or the file system that kubelet makes.
 */
type Becomes = Pick<MadeDisk, 'volumeMode' | 'root' | 'fileSystem'>;

/** Attaches a loop device without a file system. */
export async function makeRawDevice(node: Node, order: BackEndOrder, becomes: Becomes): Promise<MadeDisk> {
  const { run, progress, signal, name, bytes } = order;
  const device = await attachBlockDevice(node, run, { name, bytes }, progress, signal);
  await makeWritable(node, device, signal).catch(async (error: unknown) => {
    await detachBlockDevice(node, device);
    throw error;
  });
  return {
    node: node.name,
    path: device.path,
    at: 'device',
    deviceNumber: device.deviceNumber,
    ...becomes,
    remove: (stop) => detachBlockDevice(node, device, stop),
  };
}

/** `blockdev --setro` outlives what a loop device was attached to: a spec before may have left it so. */
async function makeWritable(node: Node, device: BlockDevice, signal: AbortSignal | undefined): Promise<void> {
  await onNode(node, ['blockdev', '--setrw', device.path], { signal });
}
