import type { DiskBackEnd } from './back-end.ts';
import { makeDirectory } from './directory.ts';

/** Memory, mounted at a directory. */
export const tmpfs: DiskBackEnd = {
  key: 'TMPFS',
  features: ['tmpfs'],
  volumeMode: 'Filesystem',
  leastBytes: 2 ** 20,
  make: (node, order) =>
    makeDirectory(node, { directory: `/mnt/disks/${order.name}`, mount: { tmpfs: order.bytes } }, order),
};
