import type { DiskBackEnd } from './back-end.ts';
import { makeFormattedLoop } from './formatted-loop.ts';

/** A disk with ext4, mounted by hand: the usual local volume. */
export const loopExt4: DiskBackEnd = {
  key: 'LOOP',
  features: [],
  volumeMode: 'Filesystem',
  leastBytes: 8 * 2 ** 20,
  make: (node, order) => makeFormattedLoop(node, order, { fileSystem: 'ext4', mountPath: `/mnt/disks/${order.name}` }),
};
