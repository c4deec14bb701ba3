import {
  attachBlockDevice,
  type BlockDevice,
  type BlockDeviceRequest,
  detachBlockDevice,
} from '../../clusters/nodes/block-device.ts';
import { assertAssigned } from '../runner/current-spec.ts';
import { infrastructure } from '../runner/infrastructure.ts';
import { newName } from '../runner/node-names.ts';
import { testCluster } from '../runner/test-cluster.ts';

/** A raw block device that a spec has for itself until it gives it back. */
export interface BlockDeviceLease extends AsyncDisposable {
  device: BlockDevice;
}

/** Makes a disk without a file system for one spec; when given back, the kernel has freed its loop device. */
export async function makeLeasedBlockDevice(
  nodeName: string,
  request: Omit<BlockDeviceRequest, 'name'>,
): Promise<BlockDeviceLease> {
  assertAssigned(nodeName);
  const { context, node } = await testCluster();
  const place = node(nodeName);
  const name = newName('raw');
  const device = await attachBlockDevice(place, context.run, { ...request, name }, infrastructure);
  return { device, [Symbol.asyncDispose]: () => detachBlockDevice(place, device) };
}
