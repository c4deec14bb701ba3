import type { DiskBackEnd } from './back-end.ts';
import { makeRawDevice } from './raw-device.ts';

/** A disk without a file system, which kubelet formats with ext4 and mounts for the first pod. */
export const kubeletFormatted: DiskBackEnd = {
  key: 'FORMAT',
  features: ['device-format'],
  volumeMode: 'Filesystem',
  leastBytes: 8 * 2 ** 20,
  make: (node, order) => makeRawDevice(node, order, { volumeMode: 'Filesystem', root: '/', fileSystem: 'ext4' }),
};
