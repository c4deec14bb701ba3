import type { DiskBackEnd } from './back-end.ts';
import { makeRawDevice } from './raw-device.ts';

/** A disk without a file system, which a container gets as a device. */
export const rawBlock: DiskBackEnd = {
  key: 'BLOCK',
  features: ['block'],
  volumeMode: 'Block',
  leastBytes: 2 ** 20,
  make: (node, order) => makeRawDevice(node, order, { volumeMode: 'Block', root: null, fileSystem: null }),
};
