import type { DiskBackEnd } from './back-end.ts';
import { makeFormattedLoop } from './formatted-loop.ts';

/** A disk with xfs, mounted by hand. Its file is sparse: of the 300 MiB that mkfs.xfs insists on, little is written. */
export const loopXfs: DiskBackEnd = {
  key: 'XFS',
  features: ['xfs'],
  volumeMode: 'Filesystem',
  leastBytes: 300 * 2 ** 20,
  make: (node, order) => makeFormattedLoop(node, order, { fileSystem: 'xfs', mountPath: `/mnt/disks/${order.name}` }),
};
