import type { Disk } from '../../clusters/nodes/disk.ts';
import { onNode } from '../../clusters/nodes/node.ts';
import {
  describeChain,
  evidence,
  mountChain,
  type PodHandle,
  readInPod,
  testCluster,
  type VolumeHandle,
} from '../harness/index.ts';

/** Keeps where a volume is mounted: the chain in short, and the whole mountinfo of the node and of the container. */
export async function keepMounts(pod: PodHandle, volume: VolumeHandle, disk: Disk, path: string): Promise<void> {
  const { node } = await testCluster();
  evidence.keep('mount-chain', describeChain(await mountChain(pod, volume, disk, path)));
  await keepDisk(disk);
  evidence.keep('mountinfo-node', await onNode(node(disk.node), ['cat', '/proc/1/mountinfo']));
  evidence.keep('mountinfo-container', await readInPod(pod, '/proc/self/mountinfo'));
}

/** Keeps what the node says of a disk. */
export async function keepDisk(disk: Disk): Promise<void> {
  const { node } = await testCluster();
  const place = node(disk.node);
  const findmnt = await onNode(place, ['findmnt', '--output-all', '--pairs', '--mountpoint', disk.mountPath]);
  const stat = await onNode(place, ['stat', '--file-system', disk.mountPath]);
  const loop = await onNode(place, ['losetup', '--list', disk.device]);
  evidence.keep(`disk-${disk.node}-${disk.name}`, [findmnt, stat, loop].join('\n'));
}
