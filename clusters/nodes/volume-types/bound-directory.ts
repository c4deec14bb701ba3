import type { DiskBackEnd } from './back-end.ts';
import { makeDirectory } from './directory.ts';

/** A directory that is bind-mounted onto itself: a mount point, but no disk of its own. */
export const boundDirectory: DiskBackEnd = {
  key: 'DIRBIND',
  features: [],
  volumeMode: 'Filesystem',
  leastBytes: 0,
  make: (node, order) => makeDirectory(node, { directory: `/mnt/disks/${order.name}`, mount: 'bound' }, order),
};
