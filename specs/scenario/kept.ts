import { onNode } from '../../clusters/nodes/node.ts';
import {
  type DiskVolume,
  describeMounts,
  evidence,
  expect,
  type PodHandle,
  readInPod,
  testCluster,
  type VolumeHandle,
} from '../harness/index.ts';

/** Keeps where a volume is mounted: the chain in short, and the whole mountinfo of the node and of the container. */
export async function keepMounts(pod: PodHandle, volume: VolumeHandle, disk: DiskVolume, path: string): Promise<void> {
  const { node } = await testCluster();
  evidence.keep('mount-chain', describeMounts(await expect(pod).to.mount(volume, { path, from: disk })));
  await keepDisk(disk);
  evidence.keep('mountinfo-node', await onNode(node(disk.node), ['cat', '/proc/1/mountinfo']));
  evidence.keep('mountinfo-container', await readInPod(pod, '/proc/self/mountinfo'));
}

/** Keeps what the node says of a disk. */
export async function keepDisk(disk: DiskVolume): Promise<void> {
  const { node } = await testCluster();
  const place = node(disk.node);
  const findmnt = await onNode(place, ['findmnt', '--output-all', '--pairs', '--mountpoint', disk.path]);
  const stat = await onNode(place, ['stat', '--file-system', disk.path]);
  const loop = await onNode(place, ['losetup', '--list', disk.device]);
  evidence.keep(`disk-${disk.node}-${disk.name}`, [findmnt, stat, loop].join('\n'));
}
